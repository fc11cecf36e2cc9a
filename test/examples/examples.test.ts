/** Every example, run as its README says: each request line there is sent to the real gateway in front of the demo origins. */
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Origin, startOrigin } from '../../examples/origins.ts';
import type { ExampleServer } from '../../examples/server.ts';
import { startGateway, type TestGateway } from '../../pkg/testkit/gateway.ts';
import { Browser } from '../features/browser.ts';
import { readTries, type Try } from './readme.ts';
import { type Answer, send } from './request.ts';

const root = join(import.meta.dirname, '../../examples');
const entries = await readdir(root, { withFileTypes: true });
const examples = await Promise.all(
  entries
    .filter((entry) => entry.isDirectory())
    .map(async ({ name }) => ({
      name,
      tries: readTries(await readFile(join(root, name, 'README.md'), 'utf8')),
      hasServer: (await readdir(join(root, name))).includes('server.ts'),
    })),
);

let folder = '';
let origins: Origin[] = [];
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'examples-'));
  origins = await Promise.all([startOrigin('orders', 0), startOrigin('catalog', 0)]);
});
afterAll(async () => {
  await Promise.all(origins.map((origin) => origin.close()));
  await rm(folder, { recursive: true });
});

describe.each(examples)('example $name', ({ name, tries, hasServer }) => {
  let gateway: TestGateway;
  let server: ExampleServer | null = null;
  beforeAll(async () => {
    const directory = join(folder, name);
    await cp(join(root, name), directory, { recursive: true });
    if (hasServer) server = await startServer(name);
    await useOrigins(directory, server);
    gateway = await startGateway(directory);
  });
  afterAll(async () => {
    await gateway.stop();
    await server?.close();
  });

  test('has requests to try', () => {
    expect(tries.length).toBeGreaterThan(0);
  });

  test.each(tries)('$line', async (line) => {
    const port = gateway.port(line.url.protocol === 'https:' ? 443 : 80);
    const identity =
      line.certificate === undefined ? {} : { identity: await readFile(join(root, name, line.certificate), 'utf8') };
    const answer = await send(line.url, port, { ...line, ...identity });
    expect(answer.status).toBe(line.status);
    expect(partShown(answer, line)).toContain(line.expected);
  });
});

test('a mirrored request reaches the mirror, whose answer nobody sees', async () => {
  const directory = join(folder, 'mirror-seen');
  await cp(join(root, 'mirror'), directory, { recursive: true });
  await useOrigins(directory);
  const gateway = await startGateway(directory);
  const answer = await send(new URL('http://shop.example.com/copied?id=1'), gateway.port(80));
  expect(answer.body).toContain('"origin":"orders"');
  while (!origins[1]?.seen.includes('/copied?id=1')) await new Promise((resolve) => setImmediate(resolve));
  expect(await gateway.stop()).toBe(0);
});

test('the login of its example leads back to the page, until the logout', async () => {
  const directory = join(folder, 'login');
  await cp(join(root, 'openid-login'), directory, { recursive: true });
  const server = await startServer('openid-login');
  await useOrigins(directory, server);
  const gateway = await startGateway(directory);
  const browser = new Browser({ 'shop.localhost': gateway.port(443) });
  const form = await browser.open('https://shop.localhost/orders');
  const consent = await browser.submit(form, { login: 'ada', password: 'x' });
  const page = await browser.submit(consent);
  expect([page.status, page.url.href]).toEqual([200, 'https://shop.localhost/orders']);
  expect(page.body).toContain('"x-user":"ada"');
  const asked = await browser.open('https://shop.localhost/oauth2/logout');
  expect(asked.url.origin).toBe(`https://localhost:${server.port}`);
  const left = await browser.submit(asked, { logout: 'yes' });
  expect(left.url.origin).toBe(asked.url.origin);
  expect(left.body).toContain('type="password"');
  expect(await gateway.stop()).toBe(0);
  await server.close();
});

/** What the text after the status speaks of: a field of the head, the protocol of a tunnel, or the body. */
function partShown({ headers, body, status }: Answer, { expected }: Try): string {
  const name = /^([a-z-]+): /.exec(expected)?.[1];
  if (name !== undefined) return `${name}: ${String(headers[name])}`;
  return status === 101 ? String(headers.upgrade) : body;
}

async function startServer(example: string): Promise<ExampleServer> {
  const module = (await import(
    join(root, example, 'server.ts')
  )) as typeof import('../../examples/introspection/server.ts');
  return module.startServer(0);
}

/** The manifests name the ports of `make run`; tests take free ones. */
async function useOrigins(directory: string, server: ExampleServer | null = null): Promise<void> {
  const files = await readdir(directory);
  for (const file of files.filter((name) => name.endsWith('.yaml'))) {
    const text = await readFile(join(directory, file), 'utf8');
    const [orders, catalog] = origins;
    const edited = text
      .replaceAll('port: 3001', `port: ${orders?.port}`)
      .replaceAll('port: 3002', `port: ${catalog?.port}`)
      .replaceAll(/(port: |localhost:)3003/g, `$1${server?.port}`);
    await writeFile(join(directory, file), edited);
  }
}
