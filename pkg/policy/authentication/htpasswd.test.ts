import { describe, expect, test } from '@jest/globals';
import { compareSync } from 'bcryptjs';
import { nobodyOf, parseHtpasswd } from './htpasswd.ts';

const bcrypt = (cost: string) => `$2y$${cost}$${'a'.repeat(53)}`;
const apr1 = '$apr1$saltsalt$7cqxt8VIjABxqw00CdZLl.';
const sha = '{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=';

test('a file has users, comments and empty lines', () => {
  const { users, mistakes } = parseHtpasswd(
    `# ours\n\nalice:${bcrypt('10')}\r\nbob:${apr1}:a comment\n carol:${sha}\n`,
  );
  expect(mistakes).toEqual([]);
  expect([...users]).toEqual([
    ['alice', { kind: 'slow', hash: bcrypt('10') }],
    ['bob', { kind: 'slow', hash: apr1 }],
    ['carol', { kind: 'sha1', digest: '5baa61e4c9b93f3f0682250b6cf8331b7ee68fd8' }],
  ]);
});

test.each([
  ['no colon', 'alice', 'is no user:hash'],
  ['no name', `:${sha}`, 'is no user:hash'],
  ['a password in the clear', 'alice:secret', 'is neither bcrypt'],
  ['DES crypt', 'alice:rqXexS6ZhobKA', 'is neither bcrypt'],
  ['SHA-512 crypt', `alice:$6$salt$${'a'.repeat(86)}`, 'is neither bcrypt'],
  ['a hash that is cut', `alice:${bcrypt('10').slice(0, -1)}`, 'is neither bcrypt'],
  ['bcrypt that takes seconds', `alice:${bcrypt('13')}`, 'cost 13'],
  ['bcrypt that takes years', `alice:${bcrypt('31')}`, 'cost 31'],
  ['one user twice', `alice:${sha}\nalice:${sha}`, 'second time'],
])('%s is a mistake, told without the hash', (_, text, mistake) => {
  const { mistakes } = parseHtpasswd(`# a line\n${text}`);
  expect(mistakes).toEqual([expect.stringMatching(/^line [23] /)]);
  expect(mistakes[0]).toContain(mistake);
  expect(mistakes[0]).not.toMatch(/aaaa|W6ph|secret|rqXe/);
});

describe('nobody', () => {
  const kindOf = (text: string) => nobodyOf(parseHtpasswd(text).users);

  test('takes as long as the slowest user, and has no password', () => {
    const nobody = kindOf(`a:${bcrypt('04')}\nb:${bcrypt('06')}\nc:${apr1}\nd:${sha}`);
    expect(nobody).toMatchObject({ kind: 'slow', hash: expect.stringMatching(/^\$2b\$06\$[.]{53}$/) });
    expect(compareSync('', nobody.kind === 'slow' ? nobody.hash : '')).toBe(false);
    expect(kindOf(`c:${apr1}\nd:${sha}`)).toMatchObject({ kind: 'slow', hash: expect.stringMatching(/^\$apr1\$/) });
    expect(kindOf(`d:${sha}`)).toMatchObject({ kind: 'sha1' });
  });
});
