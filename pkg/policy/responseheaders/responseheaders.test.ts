import { expect, test } from '@jest/globals';
import type { HTTPHeaderFilter } from '../../api/httproute.ts';
import { createExchange, run } from '../../testkit/exchange.ts';
import { isProblems } from '../translated.ts';
import { createResponseHeaders } from './filter.ts';
import { translateResponseHeaders } from './translate.ts';

const answered = { 'X-Kept': 'kept', 'X-Name': ['orig', 'second'], 'X-Gone': 'gone' };

test.each<[string, HTTPHeaderFilter, readonly string[]]>([
  [
    'set replaces every line',
    { set: [{ name: 'x-name', value: 'new' }] },
    ['X-Kept: kept', 'X-Gone: gone', 'x-name: new'],
  ],
  [
    'add is one more line',
    { add: [{ name: 'x-name', value: 'added' }] },
    ['X-Kept: kept', 'X-Name: orig', 'X-Name: second', 'X-Gone: gone', 'x-name: added'],
  ],
  ['remove knows no case', { remove: ['x-NAME', 'X-gone', 'x-absent'] }, ['X-Kept: kept']],
])('%s', async (_, spec, expected) => {
  const seen = await run(createResponseHeaders(config(spec)), { headers: answered, responseHeaders: answered });
  expect(seen.responseHeaders).toEqual(expected);
  expect(seen.requestHeaders).toHaveLength(4);
});

test('answers of the gateway itself carry the headers too', () => {
  const filter = createResponseHeaders(config({ set: [{ name: 'x-frame-options', value: 'DENY' }] }));
  const { exchange, seen } = createExchange();
  exchange.respond({ status: 503, headers: { 'content-type': 'text/plain' }, body: '' });
  void filter.onResponse?.(exchange);
  expect(seen().responseHeaders).toEqual(['content-type: text/plain', 'x-frame-options: DENY']);
});

test.each<[string, HTTPHeaderFilter, string]>([
  ['a line break', { set: [{ name: 'x-a', value: 'a\r\nset-cookie: b' }] }, 'set[0].value'],
  ['framing', { remove: ['Content-Length'] }, 'remove[0]'],
])('%s is refused', (_, spec, path) => {
  expect(translateResponseHeaders(spec, 'f')).toEqual([
    expect.objectContaining({ path: `f.${path}`, reason: 'UnsupportedValue' }),
  ]);
});

function config(spec: HTTPHeaderFilter) {
  const result = translateResponseHeaders(spec, 'spec');
  if (isProblems(result)) throw new Error(JSON.stringify(result));
  return result;
}
