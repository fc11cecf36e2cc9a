import { describe, expect, test } from '@jest/globals';
import type { HTTPHeaderFilter } from '../../api/httproute.ts';
import { run } from '../../testkit/exchange.ts';
import { isProblems } from '../translated.ts';
import { createRequestHeaders } from './filter.ts';
import { translateRequestHeaders } from './translate.ts';

const received = { 'X-Kept': 'kept', 'X-Name': ['orig', 'second'], 'X-Gone': 'gone' };

describe('changes', () => {
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
    [
      'remove comes before set, set before add',
      {
        remove: ['x-name', 'x-gone', 'x-kept'],
        add: [{ name: 'X-Name', value: 'b' }],
        set: [{ name: 'X-Name', value: 'a' }],
      },
      ['X-Name: a', 'X-Name: b'],
    ],
  ])('%s', async (_, spec, expected) => {
    const seen = await run(createRequestHeaders(config(spec)), { headers: received, responseHeaders: received });
    expect(seen.requestHeaders).toEqual(expected);
    expect(seen.responseHeaders).toHaveLength(4);
  });
});

describe('translate', () => {
  test('text beyond ASCII becomes its UTF-8 bytes, one per character', () => {
    expect(config({ set: [{ name: 'x-a', value: ' Grüße ' }] }).set).toEqual([['x-a', 'Gr\u00c3\u00bc\u00c3\u009fe']]);
  });

  test('of equivalent names the first counts', () => {
    const add = [
      { name: 'X-A', value: '1' },
      { name: 'x-a', value: '2' },
    ];
    expect(config({ add }).add).toEqual([['X-A', '1']]);
  });

  test.each<[string, HTTPHeaderFilter, string]>([
    ['a line break', { set: [{ name: 'x-a', value: 'a\r\nx-b: c' }] }, 'set[0].value'],
    ['NUL', { add: [{ name: 'x-a', value: 'a\0' }] }, 'add[0].value'],
    ['a name with a space', { set: [{ name: 'x a', value: '' }] }, 'set[0].name'],
    ['a pseudo-header', { set: [{ name: ':path', value: '/' }] }, 'set[0].name'],
    ['framing', { remove: ['x-a', 'Content-Length'] }, 'remove[1]'],
    ['Transfer-Encoding', { add: [{ name: 'transfer-encoding', value: 'chunked' }] }, 'add[0].name'],
    ['Connection', { set: [{ name: 'Connection', value: 'x-a' }] }, 'set[0].name'],
  ])('%s is refused', (_, spec, path) => {
    expect(translateRequestHeaders(spec, 'f')).toEqual([
      expect.objectContaining({ path: `f.${path}`, reason: 'UnsupportedValue' }),
    ]);
  });

  test('whoever sets Host is told where to do it', () => {
    expect(translateRequestHeaders({ set: [{ name: 'Host', value: 'a' }] }, 'f')).toEqual([
      expect.objectContaining({ path: 'f.set[0].name', message: expect.stringContaining('urlRewrite.hostname') }),
    ]);
  });
});

function config(spec: HTTPHeaderFilter) {
  const result = translateRequestHeaders(spec, 'spec');
  if (isProblems(result)) throw new Error(JSON.stringify(result));
  return result;
}
