/** docs/kubectl.md shows what kubectl prints. `UPDATE=1 make e2e TEST=kubectl` writes it anew; read the diff. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { createNamespace, deleteNamespace, kubectl } from '../kubectl.ts';
import { until } from '../until.ts';

const namespace = 'e2e-shop';
const page = join(import.meta.dirname, '../../docs/kubectl.md');
const commands = [...readFileSync(page, 'utf8').matchAll(/^\$ (kubectl .*)$/gm)].map(([, command = '']) => command);

beforeAll(async () => {
  await createNamespace(namespace);
  const manifests = readFileSync(join(import.meta.dirname, 'testdata/kubectl.yaml'), 'utf8');
  await kubectl(['apply', '--server-side', '-n', namespace, '-f', '-'], manifests);
  await kubectl(['wait', '-n', namespace, '--for=condition=Programmed', 'gateway/public', '--timeout=60s']);
});

afterAll(async () => {
  await deleteNamespace(namespace);
});

test('the page has commands', () => {
  expect(commands.length).toBeGreaterThan(8);
});

test.each(commands)('%s', async (command) => {
  const shown = block(command);
  let printed = await print(command);
  if (process.env['UPDATE'] === '1') {
    // Events come a moment later than statuses.
    await until('events are told', async () => !(printed = await print(command)).includes('<unknown>'), 5);
    writeFileSync(
      page,
      readFileSync(page, 'utf8').replace(`$ ${command}\n${shown}`, () => `$ ${command}\n${printed}`),
    );
    return;
  }
  const settled = async () => even((printed = await print(command))) === even(shown);
  await until('kubectl prints what the page shows', settled, 40).catch(() => undefined);
  expect(even(printed)).toBe(even(shown));
});

/** What the page shows below a command. */
function block(command: string): string {
  const text = readFileSync(page, 'utf8');
  const start = text.indexOf(`$ ${command}\n`) + command.length + 3;
  return text.slice(start, text.indexOf('```', start));
}

/** Run in the scenario's namespace. Times and addresses are replaced by such of the same width; events of good news come as they come. */
async function print(command: string): Promise<string> {
  const [, ...args] = command.split(' ');
  const whole = await kubectl([...args, '-n', namespace]);
  const text = args[0] === 'describe' ? whole.slice(Math.max(0, whole.search(/^(Status|Address):/m))) : whole;
  return text
    .replace(/\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '2026-11-25T13:00:00Z')
    .replace(/\b10\.98\.0\.\d+ ?/g, (address) => '192.0.2.7'.padEnd(address.length))
    .replace(/\d+[smh](\d+s)?(?: \(x\d+ over \d+[smh](\d+s)?\))?(?=\s|$)/g, (age) => '5m'.padEnd(age.length))
    .replace(/^ {2}Normal .*\n/gm, '')
    .replace(/[ \t]+$/gm, '');
}

/** Columns are as wide as their cells, which differ in what was replaced. */
function even(text: string): string {
  return text.replace(/ {2,}/g, '  ').replace(/-{2,}/g, '--').trim();
}
