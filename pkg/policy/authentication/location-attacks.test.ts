/** Tokens that the gateway does not look at, where a backend may: in a second place, twice in one, or behind a scheme that is spaced oddly. */
import { expect, test } from '@jest/globals';
import { type ExchangeOptions, run } from '../../testkit/exchange.ts';
import { authentication, jwt } from './methods.testing.ts';
import { NOW, token } from './tokens.testing.ts';

const secret = 's'.repeat(32);
const expires = { exp: NOW + 300 };
const good = token({ alg: 'HS256' }, { sub: 'ada', ...expires }, 'HS256', secret);
const forged = token({ alg: 'HS256' }, { sub: 'root', ...expires }, 'HS256', 'x'.repeat(32));
const hs = { sharedSecret: { name: 'keys', key: 'hs' }, algorithms: ['HS256'] };
const basic = { name: 'staff', type: 'Basic', basic: { users: { name: 'keys', key: 'users' } } };
const partners = { name: 'partners', type: 'APIKey', apiKey: { selector: {} } };

function filter(methods: readonly object[], allowAnonymous = false) {
  const secrets = { 'keys/hs': secret, 'keys/users': 'ada:{SHA}W6ph5Mm5Pz8GgiULbPgzG37mj9g=' };
  return authentication(
    { methods, allowAnonymous },
    {
      wallClock: () => NOW * 1000,
      secrets: Object.fromEntries(Object.entries(secrets).map(([key, value]) => [`Secret/shop/${key}`, value])),
    },
    { secrets },
  );
}

/** Whether anything of it reaches the backend. */
async function forwarded(one: ReturnType<typeof filter>, options: ExchangeOptions) {
  const seen = await run(one, options);
  return [seen.denied ?? seen.identity?.subject ?? 'anonymous', ...seen.requestHeaders, seen.forwardQuery];
}

const extractFrom = {
  headers: [
    { name: 'Authorization', valuePrefix: 'Bearer ' },
    { name: 'X-Token' },
    { name: 'Authorization', valuePrefix: 'Token ' },
  ],
  cookies: ['token'],
  params: ['token'],
};
const keeping = () => filter([jwt({ ...hs, extractFrom, forward: 'Keep' })]);
const bearer = `Bearer ${good}`;

test.each<[string, ExchangeOptions, readonly string[]]>([
  ['another header', { headers: { authorization: bearer, 'x-token': forged } }, [`authorization: ${bearer}`, '']],
  ['a cookie', { headers: { authorization: bearer, cookie: `token=${forged}` } }, [`authorization: ${bearer}`, '']],
  [
    'one of two cookies',
    { headers: { cookie: `a=1; token=${good}; token=${forged}; token="${forged}"` } },
    [`Cookie: a=1; token=${good}`, ''],
  ],
  ['one of two parameters', { target: `/?a=1&token=${good}&t%6fken=${forged}&token` }, [`?a=1&token=${good}`]],
  [
    'a parameter',
    { target: `/?token=${forged}`, headers: { authorization: bearer } },
    [`authorization: ${bearer}`, ''],
  ],
])('beside a good token, what %s holds is not forwarded', async (_, options, rest) => {
  expect(await forwarded(keeping(), options)).toEqual(['ada', ...rest]);
});

test('the same token in every place stays, and so does one in quotes', async () => {
  const headers = { authorization: `Token ${good}`, 'x-token': good, cookie: `token="${good}"` };
  const all = [`authorization: Token ${good}`, `x-token: ${good}`, `cookie: token="${good}"`, `?token=${good}`];
  expect(await forwarded(keeping(), { target: `/?token=${good}`, headers })).toEqual(['ada', ...all]);
});

test('of a method that was not asked, a second token beside the accepted one goes', async () => {
  const both = filter([jwt(hs, 'one'), jwt({ ...hs, extractFrom: { cookies: ['token'], params: ['token'] } }, 'two')]);
  const seen = await forwarded(both, {
    target: `/?token=${good}&token=${forged}`,
    headers: { authorization: bearer, cookie: `token=${good}; token=${forged}` },
  });
  expect(seen).toEqual(['ada', `authorization: ${bearer}`, `Cookie: token=${good}`, `?token=${good}`]);
});

// passport-jwt cuts at /\s+/, Python's split() at NEL as well: to them each is a token.
test.each(['Bearer\t', 'Bearer\xa0', 'Bearer\x85', 'bEARER\t ', 'Bearer \t', 'Bearer  '])(
  'a forged token behind %j is no anonymous request',
  async (scheme) => {
    const seen = await run(filter([jwt(hs)], true), { headers: { authorization: scheme + forged } });
    expect(seen.denied).toBe('unauthenticated');
  },
);

test.each(['Basic\t', 'basic\xa0', 'Basic\x85'])('nor is a password behind %j', async (scheme) => {
  const credentials = Buffer.from('ada:wrong').toString('base64');
  const seen = await run(filter([basic], true), { headers: { authorization: scheme + credentials } });
  expect(seen.denied).toBe('unauthenticated');
});

test('a scheme that only begins alike is another one', async () => {
  const headers = { authorization: `Bearerx ${forged}` };
  expect(await forwarded(filter([jwt(hs), partners], true), { headers })).toEqual([
    'anonymous',
    `authorization: Bearerx ${forged}`,
    '',
  ]);
});
