/** Who the client is, as the backend is told: nothing that an untrusted client says, and of what trusted proxies say only what they can know. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { valuesOf } from './message.ts';
import { endServing } from './neighbours.ts';
import type { Recorded } from './recorder.ts';
import { talk } from './talk.ts';
import { startWorld, type World } from './world.ts';

let world: World | null = null;
afterEach(() => world?.stop());

/** Proxies of the tests, which `trusting` believes. */
const proxy = '127.200.0.1';
const trusting = '{ client: { trustedCIDRs: ["127.200.0.0/16", "10.0.0.0/8", "2001:db8::/32"] } }';

interface Told {
  /** X-Real-IP, X-Forwarded-For, X-Forwarded-Proto, X-Forwarded-Host; null where it came not once. */
  readonly told: readonly (string | null)[];
  readonly log: string | undefined;
}

/** Sends each list of field lines as one request from `address`. */
async function told(dataPlane: string, address: string, requests: readonly (readonly string[])[]): Promise<Told[]> {
  const started = await startWorld({ transport: 'handle', dataPlane });
  world = started;
  for (const [index, lines] of requests.entries()) {
    const bytes = [`GET /${index} HTTP/1.1`, 'Host: a.example', ...lines, '', ''].join('\r\n');
    const { answers } = await talk({ port: started.port('fast'), address, bytes, answers: 1 });
    expect(answers.map(({ status }) => status)).toEqual([200]);
  }
  const recorded = new Map(started.recorders.fast.requests.map((each) => [pathOf(each), each]));
  const { log, violations } = await endServing(started);
  expect(violations).toEqual([]);
  return requests.map((_, index) => {
    const request = recorded.get(`/${index}`);
    const one = (name: string): string | null => {
      const values = request === undefined ? [] : valuesOf(request.message.fields, name);
      return values.length === 1 ? values[0]! : null;
    };
    return {
      told: ['x-real-ip', 'x-forwarded-for', 'x-forwarded-proto', 'x-forwarded-host'].map(one),
      log: log.find(({ requestId }) => requestId === one('x-request-id'))?.clientAddress,
    };
  });
}

const pathOf = ({ message }: Recorded): string => message.startLine.split(' ')[1] ?? '';

const lists: readonly (readonly [value: string, client: string])[] = [
  ['192.0.2.1', '192.0.2.1'],
  ['192.0.2.1, 10.0.0.1', '192.0.2.1'],
  ['192.0.2.1,10.0.0.1,10.0.0.2', '192.0.2.1'],
  ['1.1.1.1, 192.0.2.1, 10.0.0.1', '192.0.2.1'],
  ['1.1.1.1, 192.0.2.1', '192.0.2.1'],
  ['10.0.0.1', '10.0.0.1'],
  ['10.0.0.9, 10.0.0.1', '10.0.0.9'],
  ['192.0.2.1:4711', '192.0.2.1'],
  ['192.0.2.1:4711, 10.0.0.1:80', '192.0.2.1'],
  ['[2001:db8::1]:80', '2001:db8::1'],
  ['2001:db9::1', '2001:db9::1'],
  ['"[2001:db9::1]:80"', '2001:db9::1'],
  ['192.0.2.1, [2001:db8::2]', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['unknown', proxy],
  ['_hidden', proxy],
  ['unknown, 10.0.0.1', '10.0.0.1'],
  ['1.1.1.1, unknown, 10.0.0.1', '10.0.0.1'],
  ['1.1.1.1, , 10.0.0.1', '10.0.0.1'],
  [',', proxy],
  ['', proxy],
  ['192.0.2.1,', proxy],
  ['192.0.2.256', proxy],
  ['192.0.2', proxy],
  ['0x7f.0.0.1', proxy],
  ['2130706433', proxy],
  ['fe80::1%eth0', proxy],
  ['[192.0.2.1]', proxy],
  ['192.0.2.1:80:80', proxy],
  ['<script>', proxy],
  ['localhost', proxy],
  ['1.1.1.1 192.0.2.1', proxy],
  ['1.1.1.1; 192.0.2.1', proxy],
  [`${'1.1.1.1, '.repeat(1_000)}192.0.2.1`, '192.0.2.1'],
  [`192.0.2.1${', 10.0.0.1'.repeat(20)}`, '192.0.2.1'],
];

describe('a trusted proxy', () => {
  test('is believed as far to the left as trusted addresses stand, and no further', async () => {
    const seen = await told(
      trusting,
      proxy,
      lists.map(([value]) => [`X-Forwarded-For: ${value}`]),
    );
    for (const [i, [value, client]] of lists.entries()) {
      const { told: fields, log } = seen[i]!;
      expect([value, fields[0], log]).toEqual([value, client, client]);
      expect([value, fields[1]]).toEqual([value, `${value}, ${proxy}`]);
    }
  }, 30_000);

  test('that sends two lines sends one list', async () => {
    const [seen] = await told(trusting, proxy, [['X-Forwarded-For: 1.1.1.1, 192.0.2.1', 'X-Forwarded-For: 10.0.0.1']]);
    expect(seen?.told[0]).toBe('192.0.2.1');
  });

  test('says scheme and host of the client, and nothing is believed without it', async () => {
    const fields = ['X-Forwarded-Proto: https', 'X-Forwarded-Host: shop.example'];
    const [seen] = await told(trusting, proxy, [fields]);
    expect(seen?.told.slice(2)).toEqual(['https', 'shop.example']);
    const [other] = await told(trusting, '127.201.0.1', [fields]);
    expect(other?.told).toEqual(['127.201.0.1', '127.201.0.1', 'http', 'a.example']);
  }, 30_000);
});

describe('two trusted hops', () => {
  test.each([
    ['1.1.1.1, 192.0.2.1, 192.0.2.9', '192.0.2.1'],
    ['192.0.2.1', '192.0.2.1'],
    ['unknown, 192.0.2.9', '192.0.2.9'],
    ['1.1.1.1, unknown', proxy],
  ])('%s: %s', async (value, client) => {
    const [seen] = await told('{ client: { trustedHops: 2 } }', proxy, [[`X-Forwarded-For: ${value}`]]);
    expect([seen?.told[0], seen?.log]).toEqual([client, client]);
  });
});

test('an untrusted client is told as its own address, whatever it says and whatever its Connection names', async () => {
  const spoofed = [
    'X-Forwarded-For: 10.0.0.1',
    'X-Real-IP: 10.0.0.1',
    'Forwarded: for=10.0.0.1',
    'X-Forwarded-Host: evil',
  ];
  const connections = [
    'close',
    'X-Forwarded-For',
    'x-real-ip, x-forwarded-for, x-forwarded-host, x-request-id',
    'forwarded, host',
  ];
  const address = '127.201.0.2';
  const seen = await told(
    trusting,
    address,
    connections.map((value) => [...spoofed, `Connection: ${value}`]),
  );
  for (const { told: fields, log } of seen)
    expect([...fields, log]).toEqual([address, address, 'http', 'a.example', address]);
});
