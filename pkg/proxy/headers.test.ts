import { afterEach, describe, expect, test } from '@jest/globals';
import { reply } from '../testkit/origin.ts';
import type { SettingsChange } from '../testkit/proxy.ts';
import { get, Stage, transports } from './suite.ts';

const stage = new Stage();
afterEach(() => stage.close());

const lines = (fields: readonly (readonly [string, string])[]): string[] =>
  fields.map(([name, value]) => `${name}: ${value}`);

/** The field lines that an origin gets for these of the client. */
async function forwarded(fields: readonly string[], settings: SettingsChange = {}): Promise<string[]> {
  const [, transport] = transports[0]!;
  const { client, origin } = await stage.scene(transport, { settings });
  client.send(get('/', ...fields));
  await client.message();
  return lines(origin.requests[0]!.fields);
}

describe('to the origin', () => {
  test('names keep their case and order, Host is first and single', async () => {
    const seen = await forwarded(['X-cASE: a', 'x-empty:', 'Accept:  b ', 'Cookie: c']);
    expect(seen.slice(0, 5)).toEqual(['Host: example.com', 'X-cASE: a', 'x-empty: ', 'Accept: b', 'Cookie: c']);
  });

  test('fields of this hop do not pass, nor those that Connection names', async () => {
    const seen = await forwarded([
      'Connection: X-Secret, keep-alive',
      'X-Secret: 1',
      'Keep-Alive: timeout=5',
      'Proxy-Connection: close',
      'Proxy-Authorization: Basic eA==',
      'Upgrade: h2c',
      'HTTP2-Settings: AAMAAABkAAQAAP__',
      'TE: gzip',
      'X-Stays: 2',
    ]);
    expect(seen.filter((line) => !/^(X-Forwarded|X-Real|X-Request)/.test(line))).toEqual([
      'Host: example.com',
      'X-Stays: 2',
    ]);
  });

  test('ours are written after Connection was obeyed, so that a client cannot remove them', async () => {
    const seen = await forwarded(['Connection: X-Forwarded-For, X-Real-IP, X-Forwarded-Proto']);
    expect(seen).toEqual(
      expect.arrayContaining(['X-Forwarded-For: 127.0.0.1', 'X-Real-IP: 127.0.0.1', 'X-Forwarded-Proto: http']),
    );
  });

  test('TE: trailers passes as what this hop wants', async () => {
    expect(await forwarded(['TE: trailers, deflate'])).toEqual(
      expect.arrayContaining(['Connection: TE', 'TE: trailers']),
    );
  });

  test('an untrusted peer says nothing about who it is', async () => {
    const spoofed = [
      'X-Forwarded-For: 1.1.1.1',
      'X-Forwarded-Proto: https',
      'X-Forwarded-Host: evil',
      'X-Forwarded-Port: 1',
      'X-Forwarded-Prefix: /evil',
      'X-Real-IP: 1.1.1.1',
      'Forwarded: for=1.1.1.1',
      'X-Original-URL: /admin',
      'X-Rewrite-URL: /admin',
      'X-Forwarded-User: root',
      'x-forwarded-client-cert: Hash=0',
      'X-Forwarded-Tls-Client-Cert-Info-Of-Some-Length: a',
      'X-ENVOY-Original-Path: /admin',
      'Proxy: http://evil',
      'X-Request-Id: mine',
    ];
    const seen = await forwarded(spoofed);
    expect(seen.filter((line) => spoofed.includes(line))).toEqual([]);
    expect(new Set(seen.map((line) => line.split(':')[0]))).toEqual(
      new Set([
        'Host',
        'X-Forwarded-For',
        'X-Forwarded-Host',
        'X-Forwarded-Port',
        'X-Forwarded-Proto',
        'X-Real-IP',
        'X-Request-Id',
      ]),
    );
    expect(seen).toEqual(
      expect.arrayContaining([
        'X-Forwarded-For: 127.0.0.1',
        'X-Forwarded-Proto: http',
        'X-Forwarded-Host: example.com',
        'X-Forwarded-Port: 80',
        'X-Real-IP: 127.0.0.1',
      ]),
    );
  });

  test('a trusted peer is believed, and is added to the list', async () => {
    const seen = await forwarded(
      ['X-Forwarded-For: 9.9.9.9, 1.1.1.1', 'X-Forwarded-Proto: https', 'X-Request-Id: abc-1', 'Proxy: http://evil'],
      { client: { trustedCIDRs: ['127.0.0.0/8'] } },
    );
    expect(seen).toEqual(
      expect.arrayContaining([
        'X-Forwarded-For: 9.9.9.9, 1.1.1.1, 127.0.0.1',
        'X-Forwarded-Proto: https',
        'X-Request-Id: abc-1',
        'X-Real-IP: 1.1.1.1',
      ]),
    );
    expect(seen.filter((line) => line.startsWith('X-Forwarded-Proto') || line.startsWith('Proxy'))).toEqual([
      'X-Forwarded-Proto: https',
    ]);
  });

  test('HTTP/1.0 without Host is for the address it came to, not for the host of the request before', async () => {
    const [, transport] = transports[0]!;
    const { client, connect, origin } = await stage.scene(transport, { settings: { headers: { forwarded: true } } });
    client.send(get('/'));
    await client.message();
    const other = await connect();
    other.send('GET / HTTP/1.0\r\n\r\n');
    await other.message();
    const request = origin.requests[1]!;
    expect(request.header('host')).toMatch(/^127\.0\.0\.1:\d+$/);
    expect(request.header('x-forwarded-host')).toBe(request.header('host'));
    expect(lines(request.fields).filter((line) => line.includes('example.com'))).toEqual([]);
  });

  test('Forwarded and Via are written where the settings say so', async () => {
    const seen = await forwarded([], { headers: { forwarded: true, via: true } });
    expect(seen).toEqual(
      expect.arrayContaining(['Forwarded: for=127.0.0.1;host="example.com";proto=http', 'Via: 1.1 suuupra']),
    );
  });

  test('names with an underscore are dropped, or let through', async () => {
    expect(await forwarded(['X_Forwarded_For: 1.1.1.1'])).not.toContain('X_Forwarded_For: 1.1.1.1');
    expect(await forwarded(['X_a: 1'], { headers: { underscores: 'Allow' } })).toContain('X_a: 1');
  });

  test('two lines of one name stay two lines', async () => {
    expect((await forwarded(['X-A: 1', 'X-A: 2'])).filter((line) => line.startsWith('X-A'))).toEqual([
      'X-A: 1',
      'X-A: 2',
    ]);
  });
});

describe.each(transports)('to the client on the %s transport', (_, transport) => {
  test('fields of the upstream hop do not pass; a date is added; the reason phrase stays', async () => {
    const { client } = await stage.scene(
      transport,
      {},
      () =>
        'HTTP/1.1 200 Fine\r\nConnection: X-Hop\r\nX-Hop: 1\r\nKeep-Alive: timeout=5\r\nsERVER: x\r\nContent-Length: 0\r\n\r\n',
    );
    client.send(get('/'));
    const response = await client.message();
    expect(response.startLine).toBe('HTTP/1.1 200 Fine');
    expect(lines(response.fields)).toEqual(['sERVER: x', 'Content-Length: 0', expect.stringMatching(/^Date: .* GMT$/)]);
  });

  test.each([
    [
      'a length that Connection names stays',
      ' OK\r\nConnection: Content-Length\r\nContent-Length: 2',
      'HTTP/1.1 200 OK',
    ],
    ['a length with a leading zero is written anew', ' OK\r\nContent-Length: 02', 'HTTP/1.1 200 OK'],
    ['the space behind the status is written', '\r\nContent-Length: 2', 'HTTP/1.1 200 '],
  ])('%s, and the next answer is found', async (_name, head, startLine) => {
    const { client } = await stage.scene(transport, {}, () => `HTTP/1.1 200${head}\r\n\r\nok`);
    client.send(get('/') + get('/'));
    for (let i = 0; i < 2; i++) {
      const message = await client.message();
      expect([message.startLine, message.header('content-length'), String(message.body)]).toEqual([
        startLine,
        '2',
        'ok',
      ]);
    }
  });

  test('a date of the origin is not written twice', async () => {
    const date = 'Tue, 15 Nov 1994 08:12:31 GMT';
    const { client } = await stage.scene(transport, {}, () => reply('', `Date: ${date}`));
    client.send(get('/'));
    expect((await client.message()).header('date')).toBe(date);
  });

  test('filters edit both directions', async () => {
    const { client, origin } = await stage.scene(
      transport,
      {
        rules: [{ filters: ['q', 's'] }],
        filters: {
          q: { kind: 'requestHeaders', config: { remove: ['x-old'], set: [['X-Set', 'new']], add: [['X-Add', '2']] } },
          s: { kind: 'responseHeaders', config: { remove: ['x-origin'], set: [['X-Via', 'gw']], add: [] } },
        },
      },
      () => reply('', 'X-Origin: secret', 'x-via: other'),
    );
    client.send(get('/', 'X-Old: 1', 'x-set: old', 'x-set: older', 'X-Add: 1'));
    const response = await client.message();
    const seen = lines(origin.requests[0]!.fields);
    expect(seen.filter((line) => /^X-(Old|Set|Add)/i.test(line))).toEqual(['X-Add: 1', 'X-Set: new', 'X-Add: 2']);
    expect([response.header('x-origin'), response.header('x-via')]).toEqual([undefined, 'gw']);
  });

  test('a filter may take the place of a field of ours', async () => {
    const { client, origin } = await stage.scene(transport, {
      rules: [{ filters: ['q'] }],
      filters: {
        q: {
          kind: 'requestHeaders',
          config: { remove: ['x-real-ip'], set: [['X-Forwarded-Proto', 'https']], add: [] },
        },
      },
    });
    client.send(get('/'));
    await client.message();
    const [request] = origin.requests;
    expect([request!.header('x-forwarded-proto'), request!.header('x-real-ip')]).toEqual(['https', undefined]);
  });
});
