/** Calls of gRPC against a server of another implementation, over the clusters that requests take too. */
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { checkMethod, checkRequest } from '../extauth/ext-authz.ts';
import { type GrpcService, startGrpcService } from '../extauth/grpc-service.testing.ts';
import type { Cluster } from '../ir/cluster.ts';
import { createSocketTransport } from '../proxy/transport-socket.ts';
import { testCertificates } from '../testkit/certificates.ts';
import { until } from '../testkit/until.ts';
import { clusterOf, LaneBench } from './lane.testing.ts';
import { createUnary, type UnaryRequest } from './unary.ts';

const bench = new LaneBench('Auto', createSocketTransport);
const opened: { close(): unknown }[] = [];
afterEach(() => {
  for (const each of opened.splice(0)) each.close();
});

async function service(...options: Parameters<typeof startGrpcService>): Promise<GrpcService> {
  const started = await startGrpcService(...options);
  opened.push(started);
  return started;
}

const endpoint = (port: number, changes: object = {}) => ({
  host: '127.0.0.1',
  port,
  weight: 1,
  terminating: false,
  ...changes,
});
const use = (endpoints: Cluster['endpoints'], changes: Partial<Cluster> = {}, authorities = {}): void =>
  bench.clusters.update({ c: clusterOf(0, { endpoints, ...changes }) }, {}, authorities);

const call = (changes: Partial<UnaryRequest> = {}): Promise<unknown> => {
  const request = { cluster: 'c', method: checkMethod, message: checkRequest({} as never), timeout: 2000, ...changes };
  return createUnary(bench.clusters)(request);
};
const failure = (changes: Partial<UnaryRequest> = {}): Promise<unknown> =>
  call(changes).then(
    () => 'none',
    (error: { code: unknown }) => error.code,
  );

/** Accepts connections and says nothing. */
async function silence(): Promise<{ readonly port: number; readonly sockets: readonly Socket[] }> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => void sockets.push(socket.on('error', () => undefined).resume()));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  opened.push({
    close() {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  });
  return { port: (server.address() as { port: number }).port, sockets };
}

describe('a call', () => {
  test('is answered, and the next takes the same connection', async () => {
    const { port, seen, peers, metadata } = await service();
    use([endpoint(port)]);
    expect(await call()).toMatchObject({ status: { code: 0 } });
    await Promise.all([call(), call()]);
    expect([seen.length, peers.size]).toEqual([3, 1]);
    expect(metadata()).toMatchObject({ 'user-agent': expect.stringContaining('connect') });
  });

  test('goes to every endpoint in turn', async () => {
    const [a, b] = [await service(), await service()];
    use([endpoint(a.port), endpoint(b.port)]);
    for (let i = 0; i < 4; i++) await call();
    expect([a.seen.length, b.seen.length]).toEqual([2, 2]);
  });

  test('goes to another endpoint where one does not accept connections', async () => {
    const gone = await service();
    gone.close();
    const { port, seen } = await service();
    use([endpoint(gone.port), endpoint(port)]);
    for (let i = 0; i < 4; i++) await call();
    expect(seen).toHaveLength(4);
  });

  test('comes back when the service does', async () => {
    const first = await service();
    use([endpoint(first.port)]);
    await call();
    first.close();
    await until(async () => (await failure()) === 'connect-failed');
    await service(undefined, { port: first.port });
    expect(await call()).toMatchObject({ status: { code: 0 } });
  });

  test('takes a new connection when the server says goodbye on the old one', async () => {
    const one = await service();
    use([endpoint(one.port)]);
    await call();
    one.drain();
    await until(async () => (await failure()) === 'none');
    expect(one.seen.length).toBeGreaterThan(1);
  });

  test('that is under way ends well when its endpoint leaves', async () => {
    const late = Promise.withResolvers<object>();
    const { port, seen } = await service(late.promise);
    const other = await service();
    use([endpoint(port)]);
    const under = call();
    await until(() => seen.length === 1);
    use([endpoint(other.port)]);
    expect(await call()).toMatchObject({ status: { code: 0 } });
    late.resolve({ status: { code: 7 } });
    expect(await under).toMatchObject({ status: { code: 7 } });
  });
});

describe('over TLS', () => {
  const { localhost, 'exact-ecdsa': exact } = testCertificates();
  const tls = { servername: 'localhost', authorities: ['ca'], subjectAltNames: [] };

  test('the certificate must be that of the server', async () => {
    const { port } = await service(undefined, { tls: localhost });
    use([endpoint(port)], { tls }, { ca: localhost.certificate });
    expect(await call()).toMatchObject({ status: { code: 0 } });
  });

  test.each([
    ['an authority that is not in the configuration', {}, 'upstream-tls'],
    ['another authority', { ca: exact.certificate }, 'upstream-tls'],
  ])('%s: nothing is sent', async (_, authorities, code) => {
    const { port, seen } = await service(undefined, { tls: localhost });
    use([endpoint(port)], { tls }, authorities);
    expect(await failure()).toBe(code);
    expect(seen).toHaveLength(0);
  });

  test('the name must be in the certificate', async () => {
    const { port, seen } = await service(undefined, { tls: localhost });
    use([endpoint(port)], { tls: { ...tls, servername: 'auth.example' } }, { ca: localhost.certificate });
    expect(await failure()).toBe('upstream-tls');
    expect(seen).toHaveLength(0);
  });
});

describe('a call fails', () => {
  test('without a cluster, and without endpoints', async () => {
    expect(await failure()).toBe('no-endpoint');
    use([]);
    expect(await failure()).toBe('no-endpoint');
  });

  test('where the egress guard does not let it out', async () => {
    const { port, seen } = await service();
    use([endpoint(port)]);
    bench.clusters.setEgress({ allowLoopback: false, deniedCIDRs: [], allowedHostnames: [] });
    expect(await failure()).toBe('egress-denied');
    use([endpoint(port, { host: 'metadata.google.internal' })]);
    expect(await failure()).toBe('egress-denied');
    expect(seen).toHaveLength(0);
  });

  test('with a status that is not OK', async () => {
    const { port } = await service(Object.assign(new Error('no'), { code: 13, details: 'no' }));
    use([endpoint(port)]);
    expect(await failure()).toBe('upstream-invalid');
  });

  test('with an answer that is no message', async () => {
    const { port } = await service(Buffer.from('\x0a\xff\xff'));
    use([endpoint(port)]);
    expect(await failure()).toBe('upstream-invalid');
  });

  test('with an answer that is too long', async () => {
    const { port } = await service({ status: { code: 0, message: 'x'.repeat(1024 * 1024) } });
    use([endpoint(port)]);
    expect(await failure()).toBe('upstream-invalid');
  });

  test('when no answer comes in time', async () => {
    const { port } = await service(null);
    use([endpoint(port)]);
    expect(await failure({ timeout: 100 })).toBe('upstream-timeout');
  });

  test('when the server never speaks HTTP/2', async () => {
    const { port } = await silence();
    use([endpoint(port)]);
    expect(await failure({ timeout: 100 })).toBe('upstream-timeout');
  });

  test('when a server of TLS never shakes hands', async () => {
    const { port, sockets } = await silence();
    const tls = { servername: 'localhost', authorities: [], subjectAltNames: [] };
    use([endpoint(port)], { tls, connectTimeout: 50 });
    expect(await failure()).toBe('connect-timeout');
    await until(() => sockets.every((socket) => socket.destroyed || socket.readableEnded));
  });

  test('when nobody waits any more', async () => {
    const { port, seen } = await service(null);
    use([endpoint(port)]);
    const gone = new AbortController();
    const given = failure({ signal: gone.signal });
    await until(() => seen.length === 1);
    gone.abort();
    expect(await given).toBe('client-closed');
    expect(await failure({ signal: gone.signal })).toBe('client-closed');
  });
});
