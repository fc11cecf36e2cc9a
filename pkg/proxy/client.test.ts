/** Who the client is: the whole way from the socket to what a backend is told and the log says. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { ListenerClient } from '../ir/listener.ts';
import type { ClientAddress } from '../ir/settings.ts';
import { testCertificates } from '../testkit/certificates.ts';
import { openClient } from '../testkit/client.ts';
import { createOrigin, reply } from '../testkit/origin.ts';
import { createTestProxy, type TestProxy, type TestProxyOptions } from '../testkit/proxy.ts';
import { announce1, announce2 } from '../testkit/proxy-header.ts';
import type { RawStream } from '../testkit/stream.ts';
import { get, Stage, transports } from './suite.ts';

const stage = new Stage();
afterEach(() => stage.close());

const nobody: ClientAddress = { trustedCIDRs: [], trustedHops: 0, proxyProtocol: 'Disabled', header: null };
const loopback = ['127.0.0.0/8'];
const cdn = (failClosed = false) => ({ name: 'cf-connecting-ip', failClosed });

interface Row {
  readonly address: Partial<ClientAddress>;
  /** Before the request. */
  readonly preface?: string | Uint8Array;
  readonly fields?: readonly string[];
  /** The client's address, a status, or `closed` without an answer. */
  readonly gives: string | number;
}

const peer = '127.0.0.1';
const pp = (proxyProtocol: ClientAddress['proxyProtocol'], more: Partial<ClientAddress> = {}) => ({
  proxyProtocol,
  ...more,
});
const xff = (value: string) => [`X-Forwarded-For: ${value}`];
const cf = (...values: readonly string[]) => values.map((value) => `CF-Connecting-IP: ${value}`);
const v1 = announce1('192.0.2.1');

const rows: readonly Row[] = [
  // Nobody is believed.
  { address: {}, gives: peer },
  { address: {}, fields: xff('192.0.2.1'), gives: peer },
  { address: {}, fields: ['Forwarded: for=192.0.2.1', 'X-Real-IP: 192.0.2.1'], gives: peer },
  { address: {}, preface: v1, gives: 400 },
  { address: {}, preface: announce2({ source: '192.0.2.1', port: 1 }), gives: 400 },
  { address: { trustedCIDRs: ['10.0.0.0/8'] }, fields: xff('192.0.2.1'), gives: peer },
  // X-Forwarded-For of a trusted peer.
  { address: { trustedCIDRs: loopback }, fields: xff('192.0.2.1'), gives: '192.0.2.1' },
  { address: { trustedCIDRs: loopback }, fields: xff('9.9.9.9, 192.0.2.1'), gives: '192.0.2.1' },
  { address: { trustedCIDRs: loopback }, fields: [...xff('9.9.9.9'), ...xff('192.0.2.1')], gives: '192.0.2.1' },
  { address: { trustedCIDRs: loopback }, fields: xff('192.0.2.1, unknown'), gives: peer },
  { address: { trustedCIDRs: loopback }, fields: xff('[2001:DB8::1]:80'), gives: '2001:db8::1' },
  { address: { trustedHops: 1 }, fields: xff('9.9.9.9, 192.0.2.1'), gives: '192.0.2.1' },
  { address: { trustedHops: 2 }, fields: xff('9.9.9.9, 192.0.2.1'), gives: '9.9.9.9' },
  // PROXY protocol, required of everybody.
  { address: pp('Required'), preface: v1, gives: '192.0.2.1' },
  { address: pp('Required'), preface: announce1('2001:db8::1'), gives: '2001:db8::1' },
  { address: pp('Required'), preface: announce2({ source: '192.0.2.1', port: 1 }), gives: '192.0.2.1' },
  { address: pp('Required'), preface: announce2({ source: '2001:db8::1', port: 1 }), gives: '2001:db8::1' },
  { address: pp('Required'), preface: announce2({ source: '', port: 0, command: 0x20, family: 0 }), gives: peer },
  { address: pp('Required'), preface: 'PROXY UNKNOWN\r\n', gives: peer },
  { address: pp('Required'), gives: 'closed' },
  { address: pp('Required'), preface: 'PROXY TCP4 1.2.3.4\r\n', gives: 'closed' },
  { address: pp('Required'), preface: announce2({ source: '192.0.2.1', port: 1, family: 0 }), gives: 'closed' },
  // A second header is no request.
  { address: pp('Required'), preface: `${v1}${v1}`, gives: 400 },
  // … of trusted peers.
  { address: pp('Required', { trustedCIDRs: loopback }), preface: v1, gives: '192.0.2.1' },
  { address: pp('Required', { trustedCIDRs: ['10.0.0.0/8'] }), preface: v1, gives: 'closed' },
  { address: pp('Optional', { trustedCIDRs: loopback }), preface: v1, gives: '192.0.2.1' },
  { address: pp('Optional', { trustedCIDRs: loopback }), gives: peer },
  { address: pp('Optional', { trustedCIDRs: ['10.0.0.0/8'] }), preface: v1, gives: 400 },
  { address: pp('Optional', { trustedCIDRs: ['10.0.0.0/8'] }), gives: peer },
  // What the announced client says is not believed, unless it is a proxy too.
  { address: pp('Required'), preface: v1, fields: xff('9.9.9.9'), gives: '192.0.2.1' },
  { address: pp('Required', { trustedHops: 1 }), preface: v1, fields: xff('9.9.9.9'), gives: '192.0.2.1' },
  { address: pp('Required', { trustedHops: 2 }), preface: v1, fields: xff('9.9.9.9'), gives: '9.9.9.9' },
  {
    address: pp('Required', { trustedCIDRs: [...loopback, '192.0.2.0/24'] }),
    preface: v1,
    fields: xff('9.9.9.9'),
    gives: '9.9.9.9',
  },
  // A header of a CDN.
  { address: { trustedCIDRs: loopback, header: cdn() }, fields: cf('192.0.2.1'), gives: '192.0.2.1' },
  {
    address: { trustedCIDRs: loopback, header: cdn() },
    fields: [...cf('192.0.2.1'), ...xff('9.9.9.9')],
    gives: '192.0.2.1',
  },
  { address: { trustedCIDRs: loopback, header: cdn() }, fields: xff('9.9.9.9'), gives: peer },
  { address: { trustedCIDRs: loopback, header: cdn() }, fields: cf('unknown'), gives: peer },
  { address: { trustedCIDRs: loopback, header: cdn() }, fields: cf('192.0.2.1', '9.9.9.9'), gives: peer },
  { address: { trustedCIDRs: loopback, header: cdn(true) }, fields: cf('192.0.2.1'), gives: '192.0.2.1' },
  { address: { trustedCIDRs: loopback, header: cdn(true) }, gives: 403 },
  { address: { trustedCIDRs: loopback, header: cdn(true) }, fields: cf('unknown'), gives: 400 },
  { address: { trustedCIDRs: loopback, header: cdn(true) }, fields: cf('192.0.2.1', '192.0.2.1'), gives: 400 },
  { address: { trustedCIDRs: ['10.0.0.0/8'], header: cdn(true) }, fields: cf('192.0.2.1'), gives: 403 },
  { address: { trustedCIDRs: ['10.0.0.0/8'], header: cdn() }, fields: cf('192.0.2.1'), gives: peer },
  {
    address: pp('Required', { trustedCIDRs: [...loopback, '192.0.2.0/24'], header: cdn(true) }),
    preface: v1,
    fields: cf('9.9.9.9'),
    gives: '9.9.9.9',
  },
];

describe.each(transports)('on the %s transport', (_, transport) => {
  /** @returns the answer's body, which is what the backend was told; its status if that is not 200; `closed` without one */
  async function ask(
    client: RawStream,
    preface: string | Uint8Array,
    ...fields: readonly string[]
  ): Promise<string | number> {
    client.send(preface);
    client.send(get('/', ...fields));
    await client.until(() => client.received.includes('\r\n\r\n') || client.ended);
    if (client.received.length === 0) return 'closed';
    const { startLine, body } = await client.message();
    const status = Number(startLine.split(' ')[1]);
    return status === 200 ? body.toString() : status;
  }

  async function start(options: TestProxyOptions): Promise<TestProxy> {
    const origin = stage.own(await createOrigin((request) => reply(request.header('x-real-ip') ?? '')));
    return stage.own(await createTestProxy({ transport, backends: [origin.port], ...options }));
  }

  test.each(rows.map((row, i) => [i + 1, row] as const))('row %i', async (_, { address, preface, fields, gives }) => {
    const proxy = await start({ settings: { client: { ...nobody, ...address } } });
    const client = stage.own(await openClient(proxy.port));
    expect(await ask(client, preface ?? '', ...(fields ?? []))).toBe(gives);
    const log = typeof gives === 'string' && gives !== 'closed' ? (await proxy.recorded(1)).clientAddress : gives;
    expect([log, proxy.limits]).toEqual([gives, gives === 'closed' ? ['proxy-protocol'] : []]);
  });

  test('a header of the CDN that somebody else sends does not reach the backend', async () => {
    const told: (string | undefined)[] = [];
    const origin = stage.own(
      await createOrigin((request) => {
        told.push(request.header('cf-connecting-ip'));
        return reply('');
      }),
    );
    const proxy = stage.own(await createTestProxy({ transport, backends: [origin.port] }));
    for (const trustedCIDRs of [['10.0.0.0/8'], loopback]) {
      await proxy.apply({ settings: { client: { trustedCIDRs, header: cdn() } } });
      await ask(stage.own(await openClient(proxy.port)), '', 'cf-CONNECTING-ip: 192.0.2.1');
    }
    expect(told).toEqual([undefined, '192.0.2.1']);
  });

  test('a header in pieces, and many requests behind it', async () => {
    const proxy = await start({ settings: { client: { proxyProtocol: 'Required' } } });
    const client = stage.own(await openClient(proxy.port));
    for (const byte of announce2({ source: '192.0.2.1', port: 1 })) {
      client.send(Uint8Array.of(byte));
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await ask(client, '')).toBe('192.0.2.1');
    expect(await ask(client, '', ...xff('9.9.9.9'))).toBe('192.0.2.1');
  });

  test('who sends no header is waited for as long as for a handshake, and counts as a connection', async () => {
    const settings = {
      client: { proxyProtocol: 'Required' as const },
      timeouts: { handshake: 200 },
      limits: { connections: 1 },
    };
    const proxy = await start({ settings });
    const slow = stage.own(await openClient(proxy.port));
    slow.send('PROXY TCP4 192');
    const second = stage.own(await openClient(proxy.port));
    expect((await second.message()).startLine).toContain('503');
    expect(await slow.end()).toHaveLength(0);
    expect(proxy.limits).toEqual(['connections', 'proxy-protocol']);
    expect(await ask(stage.own(await openClient(proxy.port)), v1)).toBe('192.0.2.1');
  });

  test('connections in the middle of their header end with the proxy', async () => {
    const proxy = await start({ settings: { client: { proxyProtocol: 'Required' } } });
    const client = stage.own(await openClient(proxy.port));
    client.send('PROXY ');
    await proxy.proxy.drain(0, 1_000);
    await client.end();
    expect(client.received).toHaveLength(0);
  });

  describe('by listener', () => {
    const trusting = (more: Partial<ClientAddress> = {}): ListenerClient => ({
      address: { ...nobody, trustedCIDRs: loopback, ...more },
    });
    const listeners = (a: ListenerClient, b: ListenerClient = {}) => ({
      'test/gw/a': { hostname: 'a.example', client: a },
      'test/gw/b': { hostname: 'b.example', client: b },
    });
    const from = (host: string, ...fields: readonly string[]) =>
      ['GET / HTTP/1.1', `Host: ${host}`, ...fields, '', ''].join('\r\n');

    test('each believes its own proxies', async () => {
      const proxy = await start({ listeners: listeners(trusting()) });
      const client = stage.own(await openClient(proxy.port));
      const bodies: string[] = [];
      for (const host of ['a.example', 'b.example', 'A.Example:80']) {
        client.send(from(host, ...xff('192.0.2.1')));
        bodies.push((await client.message()).body.toString());
      }
      expect(bodies).toEqual(['192.0.2.1', peer, '192.0.2.1']);
    });

    test('a change holds for the next request of an open connection', async () => {
      const proxy = await start({ listeners: listeners({}) });
      const client = stage.own(await openClient(proxy.port));
      const body = async () => {
        client.send(from('a.example', ...xff('192.0.2.1')));
        return (await client.message()).body.toString();
      };
      expect(await body()).toBe(peer);
      await proxy.apply({ listeners: listeners(trusting()) });
      expect(await body()).toBe('192.0.2.1');
      await proxy.apply({ listeners: listeners({}) });
      expect(await body()).toBe(peer);
    });

    test('they share the strictest of what counts before the host is known', async () => {
      const strict: ListenerClient = {
        underscores: 'Reject',
        timeouts: { header: 150 },
        ...trusting({ proxyProtocol: 'Required' }),
      };
      const proxy = await start({ listeners: listeners(strict) });
      const client = stage.own(await openClient(proxy.port));
      client.send(`${v1}${from('b.example', 'a_b: 1')}`);
      expect((await client.message()).startLine).toContain('400');
      const bare = stage.own(await openClient(proxy.port));
      bare.send(from('b.example'));
      expect(await bare.end()).toHaveLength(0);
      const slow = stage.own(await openClient(proxy.port));
      slow.send(`${v1}GET / HT`);
      expect((await slow.message()).startLine).toContain('408');
    });

    test('a ListenerSet has no say in it beside a listener of the Gateway, and has it where there is none', async () => {
      const client: ListenerClient = {
        underscores: 'Reject',
        ...trusting({ proxyProtocol: 'Required' }),
      };
      const ofSet = { 'test/gw/shop/set/b': { name: 'shop/set/b', hostname: 'b.example', client } };
      const settings = { headers: { underscores: 'Allow' as const } };
      const beside = await start({ settings, listeners: { 'test/gw/a': { hostname: 'a.example' }, ...ofSet } });
      const stream = stage.own(await openClient(beside.port));
      stream.send(from('a.example', 'a_b: 1'));
      expect((await stream.message()).startLine).toContain('200');
      expect(beside.limits).toEqual([]);

      const alone = await start({ settings, listeners: ofSet });
      const bare = stage.own(await openClient(alone.port));
      bare.send(from('b.example'));
      expect(await bare.end()).toHaveLength(0);
    });

    test('a ListenerSet whose PROXY header is not heard believes nobody instead', async () => {
      const client = trusting({ proxyProtocol: 'Required', trustedHops: 1 });
      const ofSet = { 'test/gw/shop/set/b': { name: 'shop/set/b', hostname: 'b.example', client } };
      const proxy = await start({ listeners: { 'test/gw/a': { hostname: 'a.example' }, ...ofSet } });
      const stream = stage.own(await openClient(proxy.port));
      stream.send(from('b.example', 'X-Forwarded-For: 9.9.9.9'));
      expect(String((await stream.message()).body)).toBe(peer);
    });

    test('of ListenerSets alone, one that takes the PROXY header of anybody speaks for no other', async () => {
      const client = trusting({ proxyProtocol: 'Required' });
      const sets = {
        'test/gw/shop/set/a': { name: 'shop/set/a', hostname: 'a.example', client },
        'test/gw/team/set/b': { name: 'team/set/b', hostname: 'b.example' },
      };
      const proxy = await start({ listeners: sets });
      const [announced, bare] = [stage.own(await openClient(proxy.port)), stage.own(await openClient(proxy.port))];
      announced.send(`${v1}${from('b.example')}`);
      expect((await announced.message()).startLine).toContain('400');
      bare.send(from('b.example'));
      expect(String((await bare.message()).body)).toBe(peer);
    });

    test('underscores and timeouts of a listener alone on its socket', async () => {
      const client: ListenerClient = { underscores: 'Allow', timeouts: { idle: 100 } };
      const proxy = await start({
        settings: { headers: { underscores: 'Reject' } },
        listeners: { 'test/gw/a': { client } },
      });
      const stream = stage.own(await openClient(proxy.port));
      expect(await ask(stream, '', 'a_b: 1')).toBe(peer);
      await stream.end();
      expect(proxy.limits).toEqual([]);
    });
  });
});

describe('before TLS', () => {
  const certificates = testCertificates();
  const tls = { certificates: ['exact-ecdsa', 'exact-rsa'], minVersion: 'TLSv1.2' as const };

  async function secure(client: Partial<ClientAddress>): Promise<TestProxy> {
    const origin = stage.own(await createOrigin((request) => reply(request.header('x-real-ip') ?? '')));
    const listeners = { 'test/gw/a': { hostname: 'a.example', tls } };
    const options = { protocol: 'HTTPS' as const, certificates, listeners, backends: [origin.port] };
    return stage.own(await createTestProxy({ ...options, settings: { client: { ...nobody, ...client } } }));
  }

  test.each<[Partial<ClientAddress>, string | Uint8Array, string]>([
    [{ proxyProtocol: 'Required' }, v1, '192.0.2.1'],
    [{ proxyProtocol: 'Required' }, announce2({ source: '2001:db8::1', port: 1 }), '2001:db8::1'],
    [{ proxyProtocol: 'Required' }, 'PROXY UNKNOWN\r\n', peer],
    [{ proxyProtocol: 'Required' }, '', 'failed'],
    [{ proxyProtocol: 'Required' }, 'PROXY TCP4\r\n', 'failed'],
    [{ proxyProtocol: 'Required', trustedCIDRs: ['10.0.0.0/8'] }, v1, 'failed'],
    [{ proxyProtocol: 'Optional', trustedCIDRs: loopback }, '', peer],
    [{ proxyProtocol: 'Optional', trustedCIDRs: loopback }, v1, '192.0.2.1'],
    [{ proxyProtocol: 'Optional', trustedCIDRs: ['10.0.0.0/8'] }, v1, 'failed'],
    [{}, v1, 'failed'],
  ])('%j: %j', async (client, preface, gives) => {
    const proxy = await secure(client);
    expect(await askSecurely(proxy.port, preface)).toBe(gives);
  });

  /** One request through TLS that begins behind `preface`. */
  async function askSecurely(port: number, preface: string | Uint8Array): Promise<string> {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    stage.own({ close: () => socket.destroy() });
    await once(socket, 'connect');
    if (preface.length > 0) socket.write(preface);
    const secured = connectTls({ socket, servername: 'a.example', rejectUnauthorized: false });
    try {
      await once(secured, 'secureConnect');
    } catch {
      return 'failed';
    }
    secured.write('GET / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n\r\n');
    let text = '';
    secured.on('data', (bytes) => (text += String(bytes)));
    await once(secured, 'close');
    return text.split('\r\n\r\n')[1] ?? '';
  }
});
