import { describe, expect, test } from '@jest/globals';
import { explain } from './allowed.ts';
import { compare } from './comparison.ts';
import { minimise } from './minimise.ts';
import type { Frame, Reading } from './reading.ts';

const frame = (start: string, body = '', complete = true, fields = 'host:a\n'): Frame => ({
  start,
  fields,
  body,
  complete,
});
const reading = (stop: string, ...frames: Frame[]): Reading => ({ frames, stop });
const one = frame('GET /');

describe('two readings', () => {
  test.each([
    ['the same', reading('end', one), reading('end', one)],
    ['we refuse what they accept', reading('bad-request'), reading('end', one)],
    ['we refuse what follows', reading('bad-request', one), reading('end', one, one)],
    ['we read nothing behind a last message', reading('closed', one), reading('end', one, one)],
    [
      'we refuse a body that they take',
      reading('bad-body', frame('GET /', 'a', false)),
      reading('end', frame('GET /', 'abc')),
    ],
    [
      'an oracle that does not tell bodies',
      reading('end', frame('GET /', 'a')),
      reading('end', { ...one, body: null }),
    ],
  ])('%s: agreed', (_, ours, theirs) => {
    expect(compare(ours, theirs)).toEqual({ kind: 'agreed' });
  });

  test.each([
    ['they see another message', reading('end', one), reading('end', one, one)],
    ['they see one less', reading('end', one, one), reading('end', one)],
    ['they wait for more', reading('end', one), reading('more', one)],
    ['their message ends later', reading('end', frame('GET /', 'a')), reading('more', frame('GET /', 'a', false))],
    ['their message ends earlier', reading('more', frame('GET /', 'a', false)), reading('end', frame('GET /', 'a'))],
    ['another body', reading('end', frame('GET /', 'a')), reading('end', frame('GET /', 'b'))],
    ['another target', reading('end', one), reading('end', frame('GET /b'))],
    ['our codec threw', reading('threw RangeError'), reading('end', one)],
    ['another field', reading('end', one), reading('end', frame('GET /', '', true, 'host:a\nx:y\n'))],
  ])('%s: different', (_, ours, theirs) => {
    expect(compare(ours, theirs).kind).toBe('different');
  });

  test('a refusal by them alone tells its reason and the message', () => {
    expect(compare(reading('end', one, one), reading('HPE_X', one))).toEqual({
      kind: 'refused',
      reason: 'HPE_X',
      index: 1,
    });
  });
});

test('a refusal is explained only where its reason holds', () => {
  const refused = { oracle: 'llhttp', reason: 'HPE_INVALID_METHOD', before: '' } as const;
  expect(explain({ ...refused, frame: frame('FOO /'), raw: 'FOO / HTTP/1.1\r\nhost: a\r\n\r\n' })).toBe(
    'a method it does not know',
  );
  expect(explain({ ...refused, frame: frame('GET /'), raw: 'GET / HTTP/1.1\r\nhost: a\r\n\r\n' })).toBeNull();
});

test('a failing input is made small, line by line and byte by byte', async () => {
  const fails = async (input: string): Promise<string | null> =>
    input.includes('X') && input.includes('Y') ? 'both' : null;
  const input = `${'line\n'.repeat(40)}aaXbb\n${'line\n'.repeat(40)}ccYdd\n`;
  expect(await minimise(input, fails)).toEqual({ input: 'XY', what: 'both' });
});
