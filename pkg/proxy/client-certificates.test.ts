import { type ConnectionOptions, connect } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { ClientValidation } from '../ir/listener.ts';
import { testCertificates } from '../testkit/certificates.ts';
import { createOrigin, reply } from '../testkit/origin.ts';
import { createTestProxy, type TestProxy } from '../testkit/proxy.ts';
import { get, Stage, transports } from './suite.ts';

const stage = new Stage();
afterEach(() => stage.close());

const certificates = testCertificates();
/** Each test certificate is self-signed, so it vouches for itself. */
const authorities = { ours: certificates.default.certificate, theirs: certificates.wildcard.certificate };
const identity = (name: 'default' | 'wildcard'): ConnectionOptions => ({
  cert: certificates[name].certificate,
  key: certificates[name].key,
});

function listener(client: ClientValidation) {
  return { hostname: 'a.example', tls: { certificates: ['exact-ecdsa'], minVersion: 'TLSv1.2' as const, client } };
}

const ask = (port: number, options: ConnectionOptions): Promise<string> =>
  answer(port, options).then(({ text }) => text);

/** The status code that a client gets, or `refused`: with TLS 1.3 it believes itself connected until it reads. */
async function answer(
  port: number,
  options: ConnectionOptions,
): Promise<{ text: string; session: Buffer | undefined }> {
  const socket = connect({ port, host: '127.0.0.1', servername: 'a.example', rejectUnauthorized: false, ...options });
  stage.own({ close: () => socket.destroy() });
  let session: Buffer | undefined;
  socket.on('session', (ticket: Buffer) => (session = ticket));
  socket.on('error', () => socket.destroy());
  socket.write(get('/').replace('example.com', 'a.example'));
  const bytes = new Promise<string>((resolve) =>
    socket.once('data', (data: Buffer) => resolve(String(data).slice(9, 12))),
  );
  const text = await Promise.race([
    bytes,
    new Promise<string>((resolve) => socket.once('close', () => resolve('refused'))),
  ]);
  session ??= socket.getSession();
  return { text, session };
}

describe.each(transports)('client certificates on the %s transport', (_, transport) => {
  async function proxyThat(client: ClientValidation): Promise<TestProxy> {
    const origin = stage.own(await createOrigin(() => reply('hello')));
    return stage.own(
      await createTestProxy({
        transport,
        protocol: 'HTTPS',
        certificates,
        authorities,
        listeners: { 'test/gw/exact': listener(client) },
        backends: [origin.port],
      }),
    );
  }

  describe.each(['TLSv1.2', 'TLSv1.3'] as const)('by %s', (version) => {
    const versions = { minVersion: version, maxVersion: version };

    test('demanded: none and one of another CA are refused', async () => {
      const { port } = await proxyThat({ authorities: ['ours'], mode: 'Demand' });
      expect(await ask(port, versions)).toBe('refused');
      expect(await ask(port, { ...versions, ...identity('wildcard') })).toBe('refused');
      expect(await ask(port, { ...versions, ...identity('default') })).toBe('200');
    });

    test('demanded of several CAs: any of them will do', async () => {
      const { port } = await proxyThat({ authorities: ['ours', 'theirs'], mode: 'Demand' });
      expect(await ask(port, { ...versions, ...identity('wildcard') })).toBe('200');
      expect(await ask(port, { ...versions, ...identity('default') })).toBe('200');
    });

    test('asked for: everybody is served', async () => {
      const { port } = await proxyThat({ authorities: ['ours'], mode: 'Ask' });
      expect(await ask(port, versions)).toBe('200');
      expect(await ask(port, { ...versions, ...identity('wildcard') })).toBe('200');
      expect(await ask(port, { ...versions, ...identity('default') })).toBe('200');
    });

    test('a session made under one CA is worth nothing under the next', async () => {
      const proxy = await proxyThat({ authorities: ['ours'], mode: 'Demand' });
      const { text, session } = await answer(proxy.port, { ...versions, ...identity('default') });
      expect([text, session === undefined]).toEqual(['200', false]);
      await proxy.apply({ authorities: { ours: authorities.theirs } });
      expect(await ask(proxy.port, { ...versions, ...identity('default'), ...(session && { session }) })).toBe(
        'refused',
      );
      expect(await ask(proxy.port, { ...versions, ...identity('wildcard') })).toBe('200');
    });
  });

  test('a CA that is gone lets nobody in', async () => {
    const proxy = await proxyThat({ authorities: ['ours'], mode: 'Demand' });
    expect(await ask(proxy.port, identity('default'))).toBe('200');
    await proxy.apply({ authorities: {} });
    expect(await ask(proxy.port, identity('default'))).toBe('refused');
    await proxy.apply({ authorities: { ours: 'no PEM' } });
    expect(await ask(proxy.port, identity('default'))).toBe('refused');
  });
});
