import { expect, test } from '@jest/globals';
import { valuesOf } from './distinguished-name.ts';

test.each<[string, readonly string[]]>([
  ['CN=alice,O=Example', ['alice']],
  ['O=Example, cn = alice', [' alice']],
  ['CN=alice+UID=7,O=b', ['alice']],
  ['CN=a,CN=b', ['a', 'b']],
  ['O=x\\,CN=admin', []],
  ['O=x\\+CN=admin', []],
  ['O=x\\2CCN=admin', []],
  ['O=x\\\\,CN=alice', ['alice']],
  ['CN=Smith\\, John', ['Smith, John']],
  ['CN=Zo\\C3\\AB', ['Zoë']],
  ['CN=Zoë 🙂', ['Zoë 🙂']],
  ['CN=a\\C3', []],
  ['CN=a\\', []],
  ['CN=#0c0161', []],
  ['CN=', ['']],
  ['SCN=admin', []],
  ['', []],
])('%j names %j', (name, values) => {
  expect(valuesOf(name, 'CN')).toEqual(values);
});
