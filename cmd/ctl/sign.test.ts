import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import { createSignedURLs } from '../../pkg/policy/signedurls/filter.ts';
import { type ExchangeOptions, run } from '../../pkg/testkit/exchange.ts';
import { testFilterEnv } from '../../pkg/testkit/filter-env.ts';
import { readArgs, UsageError } from './command.ts';
import { sign } from './sign.ts';

const directory = mkdtempSync(join(tmpdir(), 'sign-'));
afterAll(() => rmSync(directory, { recursive: true }));

const pair = generateKeyPairSync('ed25519');
const secret = 'k'.repeat(40);
const files = {
  hmac: write('hmac', `${secret}\n`),
  ed25519: write('ed25519', pair.privateKey.export({ type: 'pkcs8', format: 'pem' })),
  public: write('public', pair.publicKey.export({ type: 'spki', format: 'pem' })),
  short: write('short', 'k'.repeat(31)),
};

function write(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

async function signed(...args: readonly string[]): Promise<string> {
  let out = '';
  expect(
    await sign.run(
      readArgs(sign, args),
      (text) => void (out += text),
      () => undefined,
    ),
  ).toBe(0);
  return out.trim();
}

/** Whether the gateway lets the URL in. */
async function passes(url: string, options: ExchangeOptions = {}): Promise<boolean> {
  const { host, target } = /^https?:\/\/(?<host>[^/:]+)[^/]*(?<target>.*)$/.exec(url)!.groups!;
  const filter = createSignedURLs(
    {
      keys: [
        { id: 'h', algorithm: 'HMACSHA256', secret: 's' },
        { id: 'e', algorithm: 'Ed25519', publicKey: pair.publicKey.export({ type: 'spki', format: 'pem' }) },
      ],
      clockSkew: 0,
      maxLifetime: 100_000,
      requireClientIP: false,
    },
    testFilterEnv({ secrets: { s: secret } }),
  );
  return (await run(filter, { host: host!.toLowerCase(), target: target!, ...options })).denied === undefined;
}

const hmac = ['--key-file', files.hmac, '--key-id', 'h'];
const ed25519 = ['--key-file', files.ed25519, '--key-id', 'e'];

test.each([
  ['https://files.example/a', hmac],
  ['https://files.example/a', ed25519],
  ['https://Files.Example:8443', hmac],
  ['https://files.example?x=1', hmac],
  ['http://files.example/a/%7eb/./c/../d?b=2&a=%2f&a=1', hmac],
])('%s is let in as it is printed', async (url, key) => {
  const one = await signed(url, ...key);
  expect(await passes(one)).toBe(true);
  expect(await passes(one.replace('su-expires=1', 'su-expires=2'))).toBe(false);
});

test('every option is in force', async () => {
  const args = ['--method', 'PUT', '--ip', '192.0.2.0/24', '--path-prefix', '/a', '--expires', '2h'];
  const url = await signed('https://f.example/a/b', ...hmac, ...args);
  const put = { method: 'PUT', clientAddress: '192.0.2.7' };
  expect(await passes(url.replace('/a/b', '/a/c'), put)).toBe(true);
  expect(await passes(url, { ...put, method: 'GET' })).toBe(false);
  expect(await passes(url, { ...put, clientAddress: '198.51.100.1' })).toBe(false);
  expect(await passes(url.replace('/a/b', '/b'), put)).toBe(false);
  const later = await signed('https://f.example/a', ...hmac, '--not-before', '2999-01-01T00:00:00Z');
  expect(later).toContain('su-not-before=32472144000&');
  expect(await passes(later)).toBe(false);
});

test('as JSON it says what it is valid for', async () => {
  const answer = JSON.parse(await signed('https://f.example/a', ...hmac, '-o', 'json')) as Record<string, unknown>;
  expect(answer).toMatchObject({
    url: expect.stringContaining('https://f.example/a?su-key=h&'),
    keyId: 'h',
    prefix: '',
  });
});

describe('wrong usage', () => {
  const url = 'https://f.example/a';
  test.each<[readonly string[], string]>([
    [['f.example/a', ...hmac], 'no URL'],
    [['https://f.example/a b', ...hmac], 'no URL'],
    [['https://f.example/a#b', ...hmac], 'no URL'],
    [['https://user@f.example/a', ...hmac], 'no URL'],
    [['https://f.example/ä', ...hmac], 'no URL'],
    [['https://f.example/a/..%2fb', ...hmac], 'refuses the path'],
    [['https://f.example/a?su-key=1', ...hmac], 'belong to the signature'],
    [['https://f.example/a?b=1&%73u-x=1', ...hmac], 'belong to the signature'],
    [[url, '--key-file', files.hmac], '--key-id'],
    [[url, '--key-file', files.hmac, '--key-id', 'a b'], '--key-id'],
    [[url, '--key-id', 'h'], '--key-file'],
    [[url, '--key-id', 'h', '--key-file', join(directory, 'none')], 'ENOENT'],
    [[url, '--key-id', 'h', '--key-file', files.short], 'less than 32'],
    [[url, '--key-id', 'h', '--key-file', files.public], 'no private key'],
    [[url, ...hmac, '--expires', 'soon'], '--expires'],
    [[url, ...hmac, '--expires', '0s'], '--expires'],
    [[url, ...hmac, '--not-before', 'tomorrow'], '--not-before'],
    [[url, ...hmac, '--method', 'get'], '--method'],
    [[url, ...hmac, '--ip', 'localhost'], '--ip'],
    [[url, ...hmac, '--path-prefix', '/b'], 'not below'],
    [[url, ...hmac, '--path-prefix', 'a'], 'escaped path'],
    [[url, ...hmac, '--path-prefix', '/a&b'], 'escaped path'],
  ])('%j', async (args, message) => {
    await expect(
      Promise.resolve().then(() =>
        sign.run(
          readArgs(sign, args),
          () => undefined,
          () => undefined,
        ),
      ),
    ).rejects.toThrow(UsageError);
    await expect(
      Promise.resolve().then(() =>
        sign.run(
          readArgs(sign, args),
          () => undefined,
          () => undefined,
        ),
      ),
    ).rejects.toThrow(message);
  });
});

test('the command is one of gatewayctl', () => {
  const out = execFileSync(process.execPath, [
    join(import.meta.dirname, '../gatewayctl.ts'),
    'sign',
    'https://f.example/a',
    ...hmac,
  ]);
  expect(String(out)).toMatch(/^https:\/\/f\.example\/a\?su-key=h&su-expires=\d+&su-signature=[\w-]{43}\n$/);
});
