/** What policies learn of a client's certificate, and that it is nothing unless the handshake verified it. */
import { Buffer } from 'node:buffer';
import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { type ConnectionOptions, connect } from 'node:tls';
import { afterEach, describe, expect, test } from '@jest/globals';
import type { ClientCertificate, RuntimeFilter } from '../policy/runtime.ts';
import { testCertificates } from '../testkit/certificates.ts';
import { openTlsClient } from '../testkit/client.ts';
import { createOrigin, reply } from '../testkit/origin.ts';
import { createTestProxy } from '../testkit/proxy.ts';
import { RawStream } from '../testkit/stream.ts';
import { alternativeNames, distinguishedName } from './client-certificate.ts';
import { get, Stage, transports } from './suite.ts';

const stage = new Stage();
afterEach(() => stage.close());

const certificates = testCertificates();
const file = new URL('testdata/client-certificate.json', import.meta.url);
/** A CA, and a certificate of it with names of every kind. */
const alice = JSON.parse(readFileSync(file, 'utf8')) as Record<'authority' | 'certificate' | 'key', string>;
const own = { cert: alice.certificate, key: alice.key };
const stranger = { cert: certificates.wildcard.certificate, key: certificates.wildcard.key };
const ask = get('/').replace('example.com', 'a.example');

describe.each(transports)('on the %s transport', (_, transport) => {
  async function scene(mode: 'Ask' | 'Demand' | null) {
    const seen: (ClientCertificate | null)[] = [];
    const handshakes: (string | undefined)[] = [];
    const look: RuntimeFilter = {
      onRequest: ({ connection: { clientCertificate, tls } }) => {
        seen.push(clientCertificate);
        handshakes.push(tls?.protocol, tls?.cipher);
      },
    };
    const origin = stage.own(await createOrigin(() => reply('hello')));
    const client = mode === null ? {} : { client: { authorities: ['ours'], mode } };
    const proxy = stage.own(
      await createTestProxy({
        transport,
        protocol: 'HTTPS',
        certificates,
        authorities: { ours: alice.authority },
        listeners: {
          'test/gw/main': {
            hostname: 'a.example',
            tls: { certificates: ['exact-ecdsa'], minVersion: 'TLSv1.2', ...client },
          },
        },
        rules: [{ filters: ['look'] }],
        runtimeFilters: { look },
        backends: [origin.port],
      }),
    );
    const visit = async (options: ConnectionOptions): Promise<void> => {
      const stream = stage.own(await openTlsClient(proxy.port, { servername: 'a.example', ...options }));
      stream.send(ask);
      await stream.message();
      stream.send(ask);
      await stream.message();
    };
    return { proxy, seen, handshakes, visit };
  }

  describe.each(['TLSv1.2', 'TLSv1.3'] as const)('by %s', (version) => {
    const versions = { minVersion: version, maxVersion: version };

    test('all that a policy may ask of it, read once per connection', async () => {
      const { seen, visit } = await scene('Demand');
      await visit({ ...versions, ...own });
      const parsed = new X509Certificate(alice.certificate);
      expect(seen[0]).toEqual({
        raw: parsed.raw,
        subject: 'CN=alice+UID=7,OU=a \\+ b,O=Acme\\, Inc.',
        issuer: 'CN=Client CA,O=Example Clients',
        dnsNames: ['alice.example'],
        uris: ['spiffe://example.org/ns/shop/sa/orders', 'https://example.org/a,b'],
        emails: ['alice@example.org'],
        fingerprint: parsed.fingerprint256.replaceAll(':', '').toLowerCase(),
        serialNumber: '0ABC',
      });
      expect(seen[1]).toBe(seen[0]);
    });

    test('where it is only asked for, that of a stranger is none', async () => {
      const { seen, visit } = await scene('Ask');
      await visit(versions);
      await visit({ ...versions, ...stranger });
      await visit({ ...versions, ...own });
      expect(seen.map((each) => each?.serialNumber)).toEqual([
        undefined,
        undefined,
        undefined,
        undefined,
        '0ABC',
        '0ABC',
      ]);
    });

    test('where it is not asked for, there is none', async () => {
      const { seen, handshakes, visit } = await scene(null);
      const suites = { 'TLSv1.2': 'ECDHE-ECDSA-AES128-GCM-SHA256', 'TLSv1.3': 'TLS_AES_128_GCM_SHA256' };
      await visit({ ...versions, ...own, ciphers: suites[version] });
      expect(seen).toEqual([null, null]);
      const cipher = { 'TLSv1.2': 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256', 'TLSv1.3': 'TLS_AES_128_GCM_SHA256' };
      expect(handshakes).toEqual([version, cipher[version], version, cipher[version]]);
    });

    test('a resumed session keeps what its handshake has verified, and what it has not', async () => {
      const { proxy, seen } = await scene('Ask');
      for (const identity of [own, stranger, {}]) {
        let session: Buffer | undefined;
        for (const resumed of [false, true]) {
          const socket = connect({
            port: proxy.port,
            host: '127.0.0.1',
            servername: 'a.example',
            rejectUnauthorized: false,
            ...versions,
            ...identity,
            ...(session === undefined ? {} : { session }),
          });
          socket.on('session', (ticket: Buffer) => (session = ticket));
          const stream = stage.own(new RawStream(socket));
          stream.send(ask);
          await stream.message();
          expect(socket.isSessionReused()).toBe(resumed);
        }
      }
      expect(seen.map((each) => each?.serialNumber)).toEqual([
        '0ABC',
        '0ABC',
        undefined,
        undefined,
        undefined,
        undefined,
      ]);
    });
  });

  test('on plaintext there is none', async () => {
    const seen: unknown[] = [];
    const look: RuntimeFilter = { onRequest: ({ connection }) => void seen.push(connection) };
    const { client } = await stage.scene(transport, { rules: [{ filters: ['look'] }], runtimeFilters: { look } });
    client.send(get('/'));
    await client.message();
    expect(seen).toEqual([
      expect.objectContaining({ address: '127.0.0.1', servername: null, tls: null, clientCertificate: null }),
    ]);
  });
});

describe('names in a certificate', () => {
  test.each([
    ['DNS:a.example, DNS:b.example', ['a.example', 'b.example']],
    ['DNS:"a.example\\u002c DNS:bank.example"', ['a.example, DNS:bank.example']],
    ['DNS:"a\\", DNS:bank.example"', ['a", DNS:bank.example']],
    ['othername:<unsupported>, DNS:a.example, IP Address:192.0.2.1', ['a.example']],
    ['DirName:"CN=x\\u002c DNS:bank.example", DNS:a.example', ['a.example']],
    // What Node would never write: no name is better than a guessed one.
    ['DNS:a.example, DNS:"b', []],
    ['DNS:a.example,DNS:b.example', []],
    ['DNS:"\\x"', []],
    ['', []],
  ])('%s', (list, dnsNames) => {
    expect(alternativeNames(list).dnsNames).toEqual(dnsNames);
  });

  test('a distinguished name is written from its end', () => {
    expect(distinguishedName('C=DE\nO=a\\, b\nCN=x + UID=1')).toBe('CN=x+UID=1,O=a\\, b,C=DE');
    expect(distinguishedName('')).toBe('');
  });
});
