import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { filterOrder, placeOf, policyKeys } from './order.ts';
import { isSettingKey } from './settings.ts';

const root = join(import.meta.dirname, '../..');
const page = readFileSync(join(root, 'docs/policies.md'), 'utf8');

test('docs/policies.md has the order of policies, how they merge and what happens if they cannot be built', () => {
  const rows = [...filterOrder, ...policyKeys.filter(isSettingKey)].map((key) => {
    const { merge, failure, reason } = placeOf(key);
    const folder = `pkg/policy/${key.toLowerCase()}`;
    const name = existsSync(join(root, folder)) ? `[\`${key}\`](../${folder}/README.md)` : `\`${key}\``;
    return `| ${name} | ${merge} | ${failure} | ${reason} |`;
  });
  const table = ['| policy | levels | cannot be built | why it stands there |', '| --- | --- | --- | --- |', ...rows];
  expect(page.slice(page.indexOf('<!-- order'), page.indexOf('<!-- end -->')).split('\n').slice(1, -1)).toEqual(table);
});

test('docs/policies.md shows what gatewayctl prints', () => {
  const shown = /\$ gatewayctl route (.*)\n([^]*?)```/.exec(page);
  const [, line = '', printed] = shown ?? [];
  const output = execFileSync(process.execPath, ['cmd/gatewayctl.ts', 'route', ...line.split(' ')], {
    cwd: root,
    encoding: 'utf8',
  });
  expect(output).toBe(printed);
});

test('what kubectl describes there is the status that the example gets', () => {
  const output = execFileSync(
    process.execPath,
    ['cmd/gatewayctl.ts', 'translate', 'examples/gateway-policy', '-o', 'describe'],
    { cwd: root, encoding: 'utf8' },
  );
  const [, described = ''] = /\$ kubectl describe gwp shop -n shop\n([^]*?)```/.exec(page) ?? [];
  const plain = (text: string): string => text.replaceAll(/\d{4}-\d\d-\d\dT[\d:]+Z/g, 'TIME');
  expect(described).not.toBe('');
  // No cluster, no Events.
  const status = described.slice(0, described.indexOf('Events:'));
  expect(plain(output)).toContain(plain(status.trimEnd()));
});
