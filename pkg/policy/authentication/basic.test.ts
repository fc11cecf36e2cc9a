import { beforeEach, describe, expect, test } from '@jest/globals';
import { compareSync, hashSync } from 'bcryptjs';
import { type ExchangeOptions, run, type Seen } from '../../testkit/exchange.ts';
import { testFilterEnv } from '../../testkit/filter-env.ts';
import { testPolicyContext } from '../../testkit/policy-context.ts';
import type { PasswordQuestion } from '../feeds.ts';
import type { RuntimeFilter } from '../runtime.ts';
import { isProblems } from '../translated.ts';
import type { BasicSpec } from './basic-spec.ts';
import { createAuthentication } from './filter.ts';
import { translateAuthentication } from './translate.ts';

const file = [
  `alice:${hashSync('opensesame', 4)}`,
  `long:${hashSync('x'.repeat(72), 4)}`,
  'carol:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=',
  `zoë:${hashSync('päss:wörd', 4)}`,
].join('\n');

let asked: PasswordQuestion[];
let answer: (question: PasswordQuestion) => boolean | Promise<boolean>;
let now: number;
beforeEach(() => {
  asked = [];
  answer = ({ hash, password }) => compareSync(password, hash);
  now = 0;
});

function translated(spec: Partial<BasicSpec>, secrets: Readonly<Record<string, string>>, allowAnonymous = false) {
  const basic = { users: { name: 'staff', key: 'auth' }, forward: 'Strip' as const, ...spec };
  return translateAuthentication(
    { require: 'Any', allowAnonymous, methods: [{ name: 'staff', type: 'Basic', basic }] },
    'spec',
    testPolicyContext({ secrets }),
  );
}

function filter(spec: Partial<BasicSpec> = {}, allowAnonymous = false): RuntimeFilter {
  const config = translated(spec, { 'staff/auth': file }, allowAnonymous);
  if (isProblems(config)) throw new Error(JSON.stringify(config));
  return createAuthentication(
    JSON.parse(JSON.stringify(config)),
    testFilterEnv({
      secrets: { 'Secret/shop/staff/auth': file },
      now: () => now,
      ask: async (_, question) => {
        asked.push(question as PasswordQuestion);
        return answer(question as PasswordQuestion);
      },
    }),
  );
}

const basic = (text: string, scheme = 'Basic'): ExchangeOptions => ({
  headers: { authorization: `${scheme} ${Buffer.from(text).toString('base64')}` },
});
const outcome = ({ denied, identity }: Seen) => denied ?? identity?.subject;

describe('user and password', () => {
  test('that are right say who is asking, and are not forwarded', async () => {
    const seen = await run(filter({ claimToHeaders: [{ header: 'X-User', claim: 'sub' }] }), basic('alice:opensesame'));
    expect(seen.identity).toEqual({
      method: 'Basic',
      provider: 'staff',
      subject: 'alice',
      tenant: '',
      scopes: [],
      roles: [],
      claims: { sub: 'alice' },
    });
    expect(seen.requestHeaders).toEqual(['X-User: alice']);
  });

  test.each([
    ['by SHA-1', 'carol:password', 'carol'],
    ['in UTF-8, with a colon in the password', 'zoë:päss:wörd', 'zoë'],
    ['of 72 bytes', `long:${'x'.repeat(72)}`, 'long'],
  ])('%s are right', async (_, credentials, who) => {
    expect(outcome(await run(filter(), basic(credentials)))).toBe(who);
  });

  test.each([
    ['a wrong password', 'alice:closesesame'],
    ['an empty password', 'alice:'],
    ['an unknown user', 'mallory:opensesame'],
    ['an inherited name', '__proto__:opensesame'],
    ['a user in another case', 'Alice:opensesame'],
    ['no colon', 'alice'],
    ['no user', ':opensesame'],
    ['a wrong password by SHA-1', 'carol:passwort'],
    // bcrypt reads 72 bytes, and many end at a NUL: both would be right as far as they are read.
    ['a password that goes on after 72 bytes', `long:${'x'.repeat(73)}`],
    ['a password that goes on after a NUL', 'alice:opensesame\0more'],
    ['a line of its own', 'alice:opensesame\r\nx: y'],
    ['a password of megabytes', `alice:${'x'.repeat(1_000_000)}`],
  ])('with %s are 401', async (_, credentials) => {
    const seen = await run(filter(), basic(credentials));
    expect(seen.denied).toBe('unauthenticated');
    expect(seen.responseHeaders).toEqual(['WWW-Authenticate: Basic realm="staff", charset="UTF-8"']);
  });

  test.each([
    ['no base64', { headers: { authorization: 'Basic ???' } }],
    // Node reads `_` as 63, Python passes over it: the same characters are two users.
    ['base64url', { headers: { authorization: `Basic ${Buffer.from('zoë:päss:wörd').toString('base64url')}` } }],
    ['base64 with a dot in it', { headers: { authorization: 'Basic YWxp.Y2U6b3BlbnNlc2FtZQ==' } }],
    ['base64 with three equals signs', { headers: { authorization: 'Basic YWxpY2U6b3BlbnNlc2FtZQ===' } }],
    ['nothing', { headers: { authorization: 'Basic' } }],
    ['no UTF-8', { headers: { authorization: `Basic ${Buffer.from([0x61, 0x3a, 0xff]).toString('base64')}` } }],
    ['two headers', { headers: { authorization: ['Basic YTpi', 'Basic YTpi'] } }],
  ])('that are %s are 401', async (_, exchange) => {
    expect(outcome(await run(filter({}, true), exchange))).toBe('unauthenticated');
    expect(asked).toEqual([]);
  });

  test('of another scheme are none', async () => {
    expect((await run(filter({}, true), { headers: { authorization: 'Bearer YTpi' } })).denied).toBeUndefined();
    expect(outcome(await run(filter(), basic('alice:opensesame', 'bAsIc')))).toBe('alice');
  });

  test('a name of the client in the header of the user is nobody', async () => {
    const named = filter({ claimToHeaders: [{ header: 'X-User', claim: 'sub' }] }, true);
    expect((await run(named, { headers: { 'x-user': 'root', X_User: 'root' } })).requestHeaders).toEqual([]);
  });
});

describe('hashing is dear', () => {
  test('who was right is remembered for five minutes', async () => {
    const one = filter();
    await run(one, basic('alice:opensesame'));
    now = 299_999;
    expect(outcome(await run(one, basic('alice:opensesame')))).toBe('alice');
    expect(asked).toHaveLength(1);
    now = 300_000;
    expect(outcome(await run(one, basic('alice:opensesame')))).toBe('alice');
    expect(asked).toHaveLength(2);
  });

  test('what was wrong is remembered for a moment, and nothing else of the user with it', async () => {
    const one = filter();
    await run(one, basic('alice:wrong'));
    await run(one, basic('alice:wrong'));
    expect(asked).toHaveLength(1);
    expect(outcome(await run(one, basic('alice:opensesame')))).toBe('alice');
    now = 10_000;
    await run(one, basic('alice:wrong'));
    expect(asked).toHaveLength(3);
  });

  test('guesses do not push out who was right', async () => {
    const one = filter();
    await run(one, basic('alice:opensesame'));
    answer = () => false;
    for (let i = 0; i < 2_000; i++) await run(one, basic(`alice:${i}`));
    expect(outcome(await run(one, basic('alice:opensesame')))).toBe('alice');
  });

  test('the same credentials at once are compared once', async () => {
    const one = filter();
    const seen = await Promise.all(Array.from({ length: 6 }, () => run(one, basic('alice:opensesame'))));
    expect([seen.map(outcome), asked.length]).toEqual([Array<string>(6).fill('alice'), 1]);
  });

  test('more than 32 guesses at once are 503, and the gateway is well afterwards', async () => {
    const one = filter();
    const gate = Promise.withResolvers<boolean>();
    answer = () => gate.promise;
    const guesses = Array.from({ length: 40 }, (_, i) => run(one, basic(`alice:${i}`)));
    gate.resolve(false);
    const seen = (await Promise.all(guesses)).map(outcome);
    expect(seen.filter((word) => word === 'unauthenticated')).toHaveLength(32);
    expect(seen.filter((word) => word === 'policy-unavailable')).toHaveLength(8);
    answer = () => true;
    expect(outcome(await run(one, basic('alice:later')))).toBe('alice');
  });

  test('an unknown user costs what a known one does', async () => {
    const one = filter();
    await run(one, basic('alice:a'));
    await run(one, basic('mallory:a'));
    const [known, unknown] = asked.map(({ hash }) => hash.slice(4, 6));
    expect([known, unknown]).toEqual(['04', '04']);
  });

  test('is 503 while nobody hashes, and never open', async () => {
    const one = filter({}, true);
    answer = () => Promise.reject(new Error('gone'));
    const seen = await run(one, basic('alice:opensesame'));
    expect([seen.denied, seen.identity]).toEqual(['policy-unavailable', null]);
    answer = ({ hash, password }) => compareSync(password, hash);
    expect(outcome(await run(one, basic('alice:opensesame')))).toBe('alice');
  });
});

test.each(['alice:opensesame\0more', 'alice:opensesame\n', 'ali\tce:opensesame'])(
  '%j is not even compared: many would read it up to there',
  async (credentials) => {
    answer = () => true;
    expect(outcome(await run(filter(), basic(credentials)))).toBe('unauthenticated');
    expect(asked).toEqual([]);
  },
);

test('an answer that is right of a user who is none lets nobody in', async () => {
  answer = () => true;
  expect(outcome(await run(filter(), basic('mallory:opensesame')))).toBe('unauthenticated');
});

test.each<[string, Readonly<Record<string, string>>, Partial<BasicSpec>, string, string]>([
  ['a Secret that is not there', {}, {}, 'users', 'RefNotFound'],
  ['a file with a mistake', { 'staff/auth': 'alice:secret' }, {}, 'users', 'UnsupportedValue'],
  ['a file without users', { 'staff/auth': '# nobody' }, {}, 'users', 'UnsupportedValue'],
  [
    'an identity in Authorization',
    { 'staff/auth': file },
    { claimToHeaders: [{ header: 'Authorization', claim: 'sub' }] },
    'claimToHeaders[0].header',
    'UnsupportedValue',
  ],
])('%s is a problem', (_, secrets, spec, path, reason) => {
  const result = translated(spec, secrets);
  expect(result).toMatchObject([{ path: `spec.methods[0].basic.${path}`, reason }]);
  expect(JSON.stringify(result)).not.toContain('secret"');
});

test('the configuration has no hash in it', () => {
  expect(JSON.stringify(translated({}, { 'staff/auth': file }))).not.toContain('$2');
});
