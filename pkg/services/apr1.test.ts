import { expect, test } from '@jest/globals';
import { matchesApr1 } from './apr1.ts';

// Made by `openssl passwd -apr1 -salt SALT PASSWORD`.
test.each([
  ['opensesame', '$apr1$saltsalt$7cqxt8VIjABxqw00CdZLl.'],
  ['a', '$apr1$x$16j9.5e7KiXmuYFAYpPJM/'],
  ['exactly16bytes!!', '$apr1$12345678$7K4LHBxCDc3CoV.eVIENs.'],
  ['seventeen bytes!!', '$apr1$./aZ$YrZX2YTAqFFWsiPUq3zd8.'],
  ['pässwörd', '$apr1$r31.....$CnMBtjJHTKsiwi5FN79xp0'],
  ['xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx', '$apr1$abc$.qn1Cay8IuFakq1YN9YcB0'],
  ['', '$apr1$empty$2xqo3.Kvhs0trRzrejcx41'],
])('%j', (password, hash) => {
  expect(matchesApr1(password, hash)).toBe(true);
  expect(matchesApr1(`${password}x`, hash)).toBe(false);
});

test.each(['', '$apr1$', '$apr1$saltsalt$', '$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/', 'opensesame'])(
  '%j matches nothing',
  (hash) => {
    expect(matchesApr1('opensesame', hash)).toBe(false);
    expect(matchesApr1('', hash)).toBe(false);
  },
);
