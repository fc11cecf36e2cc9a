/** Every example, run as its README says: each request line there is sent to the real gateway in front of the demo origins. */
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { type Origin, startOrigin } from '../../examples/origins.ts';
import { startGateway, type TestGateway } from '../../pkg/testkit/gateway.ts';
import { readTries, type Try } from './readme.ts';
import { type Answer, send } from './request.ts';

const root = join(import.meta.dirname, '../../examples');
const entries = await readdir(root, { withFileTypes: true });
const examples = await Promise.all(
  entries
    .filter((entry) => entry.isDirectory())
    .map(async ({ name }) => ({ name, tries: readTries(await readFile(join(root, name, 'README.md'), 'utf8')) })),
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

describe.each(examples)('example $name', ({ name, tries }) => {
  let gateway: TestGateway;
  beforeAll(async () => {
    const directory = join(folder, name);
    await cp(join(root, name), directory, { recursive: true });
    await useOrigins(directory);
    gateway = await startGateway(directory);
  });
  afterAll(() => gateway.stop());

  test('has requests to try', () => {
    expect(tries.length).toBeGreaterThan(0);
  });

  test.each(tries)('$line', async (line) => {
    const port = gateway.port(line.url.protocol === 'https:' ? 443 : 80);
    const answer = await send(line.url, port, line);
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

/** What the text after the status speaks of: a field of the head, the protocol of a tunnel, or the body. */
function partShown({ headers, body, status }: Answer, { expected }: Try): string {
  const name = /^([a-z-]+): /.exec(expected)?.[1];
  if (name !== undefined) return `${name}: ${String(headers[name])}`;
  return status === 101 ? String(headers.upgrade) : body;
}

/** The manifests name the ports of `make run`; tests take free ones. */
async function useOrigins(directory: string): Promise<void> {
  const files = await readdir(directory);
  for (const file of files.filter((name) => name.endsWith('.yaml'))) {
    const text = await readFile(join(directory, file), 'utf8');
    const [orders, catalog] = origins;
    const edited = text
      .replaceAll('port: 3001', `port: ${orders?.port}`)
      .replaceAll('port: 3002', `port: ${catalog?.port}`);
    await writeFile(join(directory, file), edited);
  }
}
