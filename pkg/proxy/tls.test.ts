import { once } from 'node:events';
import { type ConnectionOptions, connect as connectTls, type TLSSocket } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import { testCertificates } from '../testkit/certificates.ts';
import { openClient, openTlsClient } from '../testkit/client.ts';
import { createOrigin, reply } from '../testkit/origin.ts';
import { createTestProxy, type TestProxy, type TestProxyOptions } from '../testkit/proxy.ts';
import { readClientHello } from './client-hello.ts';
import { get, Stage, transports } from './suite.ts';

const stage = new Stage();
afterEach(() => stage.close());

const certificates = testCertificates();
const tls = (ids: readonly string[], minVersion: 'TLSv1.2' | 'TLSv1.3' = 'TLSv1.2') => ({
  tls: { certificates: ids, minVersion },
});

/** The CN that a client is shown, or the error of its handshake. */
async function shown(port: number, options: ConnectionOptions): Promise<string> {
  try {
    const client = stage.own(await openTlsClient(port, options));
    const { CN } = (client.socket as TLSSocket).getPeerCertificate().subject;
    return String(CN);
  } catch (error) {
    return Error.isError(error) ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error);
  }
}

describe.each(transports)('TLS on the %s transport', (_, transport) => {
  const listeners = {
    'test/gw/exact': { hostname: 'a.example', ...tls(['exact-ecdsa', 'exact-rsa']) },
    'test/gw/wild': { hostname: '*.wild.example', ...tls(['wildcard'], 'TLSv1.3') },
    'test/gw/broken': { hostname: 'broken.example', ...tls(['missing']) },
  };

  async function secure(options: TestProxyOptions = {}): Promise<TestProxy> {
    const origin = stage.own(await createOrigin((request) => reply(request.startLine)));
    return stage.own(
      await createTestProxy({
        transport,
        protocol: 'HTTPS',
        certificates,
        listeners,
        backends: [origin.port],
        ...options,
      }),
    );
  }

  test.each([
    ['a.example', 'exact'],
    ['A.Example', 'exact'],
    ['a.example.', 'exact'],
    ['b.wild.example', 'wildcard'],
    ['c.b.wild.example', 'wildcard'],
    ['wild.example', 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME'],
    ['other.example', 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME'],
    [`${'a'.repeat(250)}.example`, 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME'],
    ['broken.example', 'ERR_SSL_TLSV1_UNRECOGNIZED_NAME'],
  ])('%s is shown %s', async (servername, expected) => {
    const proxy = await secure();
    expect(await shown(proxy.port, { servername })).toBe(expected);
  });

  test('without SNI the listener for any host answers, if there is one', async () => {
    const none = await secure();
    expect(await shown(none.port, {})).toBe('ERR_SSL_TLSV1_UNRECOGNIZED_NAME');
    const some = await secure({ listeners: { ...listeners, 'test/gw/any': { hostname: '', ...tls(['default']) } } });
    expect(await shown(some.port, {})).toBe('default');
    expect(await shown(some.port, { servername: 'other.example' })).toBe('default');
  });

  test('ECDSA and RSA stand side by side', async () => {
    const proxy = await secure();
    for (const [ciphers, type] of [
      ['ECDHE-ECDSA-AES128-GCM-SHA256', 'ec'],
      ['ECDHE-RSA-AES128-GCM-SHA256', 'rsa'],
    ] as const) {
      const client = stage.own(
        await openTlsClient(proxy.port, { servername: 'a.example', ciphers, maxVersion: 'TLSv1.2' }),
      );
      expect((client.socket as TLSSocket).getPeerX509Certificate()?.publicKey.asymmetricKeyType).toBe(type);
    }
  });

  test('each listener has its own lowest version', async () => {
    const proxy = await secure();
    expect(await shown(proxy.port, { servername: 'a.example', maxVersion: 'TLSv1.2' })).toBe('exact');
    expect(await shown(proxy.port, { servername: 'b.wild.example', maxVersion: 'TLSv1.2' })).toMatch(
      /PROTOCOL_VERSION/,
    );
  });

  test('requests are served, and the origin is told of https', async () => {
    const origin = stage.own(await createOrigin((request) => reply(request.header('x-forwarded-proto') ?? '')));
    const proxy = await secure({ backends: [origin.port] });
    const client = stage.own(
      await openTlsClient(proxy.port, { servername: 'a.example', ALPNProtocols: ['h2', 'http/1.1'] }),
    );
    expect((client.socket as TLSSocket).alpnProtocol).toBe('http/1.1');
    for (let i = 0; i < 3; i++) {
      client.send('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
      expect(String((await client.message()).body)).toBe('https');
    }
    expect(await proxy.recorded(3)).toMatchObject({ scheme: 'https', host: 'a.example', listener: 'test/gw/exact' });
  });

  test('a host of another listener is 421', async () => {
    const proxy = await secure();
    const client = stage.own(await openTlsClient(proxy.port, { servername: 'a.example' }));
    client.send('GET / HTTP/1.1\r\nHost: b.wild.example\r\n\r\n');
    expect((await client.message()).startLine).toMatch(/421/);
  });

  test('a rotated certificate is shown to new clients, and old connections live on', async () => {
    const proxy = await secure();
    const old = stage.own(await openTlsClient(proxy.port, { servername: 'a.example' }));
    await proxy.apply({
      certificates: { ...certificates, 'exact-ecdsa': certificates.rotated },
    });
    expect(
      await shown(proxy.port, {
        servername: 'a.example',
        maxVersion: 'TLSv1.2',
        ciphers: 'ECDHE-ECDSA-AES128-GCM-SHA256',
      }),
    ).toBe('rotated');
    old.send('GET / HTTP/1.1\r\nHost: a.example\r\n\r\n');
    expect((await old.message()).startLine).toMatch(/200/);
  });

  test('broken key material leaves the last good certificate in place', async () => {
    const proxy = await secure();
    expect(await shown(proxy.port, { servername: 'b.wild.example' })).toBe('wildcard');
    await proxy.apply({ certificates: { ...certificates, wildcard: { certificate: 'no PEM', key: 'no PEM' } } });
    expect(await shown(proxy.port, { servername: 'b.wild.example' })).toBe('wildcard');
    expect(proxy.faults).toHaveLength(1);
  });

  test('a session is resumed on another socket with the same ticket keys, and not under another policy', async () => {
    const proxy = await secure();
    const first = connectTls({
      port: proxy.port,
      host: '127.0.0.1',
      servername: 'a.example',
      rejectUnauthorized: false,
    });
    stage.own({ close: () => first.destroy() });
    first.write(get('/').replace('example.com', 'a.example'));
    const [session] = (await once(first, 'session')) as [Buffer];
    const other = await secure();
    for (const [servername, resumed] of [
      ['a.example', true],
      ['b.wild.example', false],
    ] as const) {
      const client = stage.own(await openTlsClient(other.port, { servername, session }));
      expect([servername, (client.socket as TLSSocket).isSessionReused()]).toEqual([servername, resumed]);
    }
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)('a resumed session of %s is served under its name', async (version) => {
    const proxy = await secure();
    const versions = { servername: 'a.example', minVersion: version, maxVersion: version };
    const first = stage.own(await openTlsClient(proxy.port, versions));
    let session: Buffer | undefined;
    first.socket.on('session', (ticket: Buffer) => (session = ticket));
    first.send(get('/').replace('example.com', 'a.example'));
    await first.message();
    session ??= (first.socket as TLSSocket).getSession();
    const again = stage.own(await openTlsClient(proxy.port, { ...versions, ...(session && { session }) }));
    expect((again.socket as TLSSocket).isSessionReused()).toBe(true);
    again.send(get('/').replace('example.com', 'a.example'));
    expect((await again.message()).startLine).toMatch(/200/);
  });

  test('handshakes of all sockets count against the limit of connections', async () => {
    const proxy = await secure({ settings: { limits: { connections: 2 } }, sockets: { other: { port: 0 } } });
    const other = proxy.proxy.portOf('other');
    const waiting = [stage.own(await openClient(proxy.port)), stage.own(await openClient(other))];
    await expect(openTlsClient(other, { servername: 'a.example' })).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(proxy.limits).toEqual(['connections']);
    waiting[0]!.close();
    while (proxy.limits.length < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(proxy.limits).toEqual(['connections', 'handshake']);
    expect(await shown(other, { servername: 'a.example' })).toBe('exact');
  });

  test('a client that does not finish its handshake is closed', async () => {
    const proxy = await secure({ settings: { timeouts: { handshake: 50 } } });
    const silent = stage.own(await openClient(proxy.port));
    silent.send(Buffer.from([22, 3, 1]));
    await silent.end();
    expect(proxy.limits).toEqual(['handshake']);
  });

  test('plain HTTP on the port is closed', async () => {
    const proxy = await secure();
    const client = stage.own(await openClient(proxy.port));
    client.send(get('/'));
    await client.end();
    expect(client.received).toHaveLength(0);
  });
});

test('a ClientHello is read only when it is whole', async () => {
  const listening = stage.own(await createOrigin());
  const client = connectTls({ port: listening.port, host: '127.0.0.1', servername: 'a.example' });
  client.on('error', () => {});
  stage.own({ close: () => client.destroy() });
  const stream = await listening.connection(0);
  await stream.until(() => readClientHello(stream.received).kind === 'hello');
  const hello = stream.received;
  expect(readClientHello(hello)).toEqual({ kind: 'hello', servername: 'a.example' });
  for (let end = 0; end < hello.length; end++)
    expect([end, readClientHello(hello.subarray(0, end)).kind]).toEqual([end, 'incomplete']);
  // Damaged bytes are judged without a throw.
  for (let i = 0; i < hello.length; i++) {
    const damaged = Buffer.from(hello);
    damaged[i] = 255;
    expect(['hello', 'incomplete', 'invalid']).toContain(readClientHello(damaged).kind);
  }
});
