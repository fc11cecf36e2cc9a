import { describe, expect, test } from '@jest/globals';
import { createExchange, type ExchangeOptions, run } from '../../testkit/exchange.ts';
import { testFilterEnv } from '../../testkit/filter-env.ts';
import { authenticate } from './filter.ts';
import type { Method, Outcome } from './method.ts';
import { configOf, jwt } from './methods.testing.ts';
import { createMethod } from './methods.ts';
import { pemOf, rsa } from './tokens.testing.ts';

const identity = (name: string) => ({
  method: 'JWT',
  provider: name,
  subject: name,
  tenant: '',
  scopes: [],
  roles: [],
  claims: {},
});

const absent: Outcome = { kind: 'absent', challenge: 'Bearer' };
const silent: Outcome = { kind: 'absent', challenge: '' };
const refused: Outcome = { kind: 'refused', challenge: 'Bearer error="invalid_token"' };
const forbidden: Outcome = { kind: 'forbidden', challenge: '' };
const unavailable: Outcome = { kind: 'unavailable' };
const foreign: Outcome = { kind: 'foreign', challenge: 'Bearer error="invalid_token"', credential: 'x' };
const accepted = (name: string, credential?: string): Outcome => ({
  kind: 'accepted',
  identity: identity(name),
  ...(credential !== undefined && { credential }),
});
const a = accepted('a');
const b = accepted('b');

type Row = readonly [outcomes: readonly Outcome[], code: string, subject: string | null];

const any: readonly Row[] = [
  [[absent], 'unauthenticated', null],
  [[a], '', 'a'],
  [[absent, b], '', 'b'],
  [[a, b], '', 'a'],
  // What follows the deciding one is not asked.
  [[a, refused], '', 'a'],
  [[refused, a], 'unauthenticated', null],
  [[absent, refused], 'unauthenticated', null],
  [[forbidden, a], 'forbidden', null],
  [[unavailable, a], 'policy-unavailable', null],
  [[absent, unavailable], 'policy-unavailable', null],
  [[foreign], 'unauthenticated', null],
  [[foreign, absent], 'unauthenticated', null],
  [[foreign, accepted('b', 'x')], '', 'b'],
  [[foreign, foreign, accepted('b', 'x')], '', 'b'],
  // Another credential does not make up for one that nobody accepts.
  [[foreign, accepted('b', 'y')], 'unauthenticated', null],
  [[foreign, b], 'unauthenticated', null],
  [[foreign, { ...foreign, credential: 'y' }, accepted('b', 'y')], 'unauthenticated', null],
];

const all: readonly Row[] = [
  [[a, b], '', 'a'],
  [[a, absent], 'unauthenticated', null],
  [[absent, b], 'unauthenticated', null],
  [[a, refused], 'unauthenticated', null],
  [[a, forbidden], 'forbidden', null],
  [[a, foreign], 'unauthenticated', null],
  [[foreign, accepted('b', 'x')], 'unauthenticated', null],
  [[a, unavailable], 'policy-unavailable', null],
];

const anonymousAny: readonly Row[] = [
  [[absent, silent], '', null],
  [[absent, b], '', 'b'],
  [[absent, refused], 'unauthenticated', null],
  [[absent, forbidden], 'forbidden', null],
  [[absent, unavailable], 'policy-unavailable', null],
  [[foreign, absent], 'unauthenticated', null],
];

const anonymousAll: readonly Row[] = [
  [[absent, silent], '', null],
  [[a, b], '', 'a'],
  [[a, absent], 'unauthenticated', null],
  [[absent, b], 'unauthenticated', null],
  [[absent, refused], 'unauthenticated', null],
  [[absent, foreign], 'unauthenticated', null],
];

describe.each([
  ['Any', false, any],
  ['All', false, all],
  ['Any', true, anonymousAny],
  ['All', true, anonymousAll],
] as const)('require %s, allowAnonymous %s', (require, allowAnonymous, rows) => {
  const named = rows.map((row) => [row[0].map(({ kind }) => kind).join(', '), row] as const);

  test.each(named)('%s', async (_, [outcomes, code, subject]) => {
    for (const late of [false, true]) {
      const methods = outcomes.map((outcome) => methodOf(outcome, late));
      const seen = await run(authenticate({ require, allowAnonymous }, methods));
      expect({ code: seen.denied ?? '', subject: seen.identity?.subject ?? null }).toEqual({ code, subject });
    }
  });
});

test('what an anonymous request could show is told to who asks later, and only of such a request', async () => {
  const basic: Outcome = { kind: 'absent', challenge: 'Basic realm="a"' };
  const challengeOf = async (allowAnonymous: boolean, ...outcomes: readonly Outcome[]) => {
    const methods = outcomes.map((outcome) => methodOf(outcome));
    return (await run(authenticate({ require: 'Any', allowAnonymous }, methods))).challenge;
  };
  expect(await challengeOf(true, absent, silent, basic)).toBe('Bearer, Basic realm="a"');
  expect(await challengeOf(true, silent)).toBe('');
  expect(await challengeOf(true, absent, b)).toBe('');
  expect(await challengeOf(false, absent)).toBe('');
});

describe('around the decision', () => {
  const rules = { require: 'Any', allowAnonymous: false } as const;

  test('every method that was asked adds its challenge', async () => {
    const seen = await run(authenticate(rules, [methodOf(absent), methodOf(silent), methodOf(refused)]));
    expect(seen.responseHeaders).toEqual(['WWW-Authenticate: Bearer, Bearer error="invalid_token"']);
  });

  test('an answer of the method itself stands', async () => {
    const method: Method = {
      name: 'a',
      authenticate: (exchange) => {
        exchange.respond({ status: 302, headers: {}, body: '' });
        return { kind: 'answered' };
      },
    };
    expect(await run(authenticate(rules, [method, methodOf(b)]))).toMatchObject({ status: 302, identity: null });
  });

  test('a throw is passed on, so that nothing is forwarded', async () => {
    const broken: Method = {
      name: 'a',
      authenticate: () => {
        throw new Error('bug');
      },
    };
    await expect(run(authenticate(rules, [broken, methodOf(b)]))).rejects.toThrow('bug');
  });

  test('is synchronous as long as the methods are', () => {
    const { exchange } = createExchange();
    expect(authenticate(rules, [methodOf(absent), methodOf(b)]).onRequest!(exchange)).toBeUndefined();
  });

  test('what only the gateway may say goes first, before anybody could read them', async () => {
    const seen: (string | undefined)[] = [];
    const spy: Method = {
      name: 'a',
      authenticate: ({ request }) => {
        seen.push(request.headers.get('x-user'), request.headers.get('x-key'));
        return a;
      },
    };
    const reserving: Method = {
      name: 'b',
      cleanse: ({ request }) => request.headers.remove('x-user'),
      authenticate: () => b,
    };
    await run(authenticate(rules, [spy, reserving]), { headers: { 'X-User': 'root', 'X-Key': 'k' } });
    expect(seen).toEqual([undefined, 'k']);
  });

  test('who accepted writes its headers only if the whole policy accepts', async () => {
    const said: string[] = [];
    const writing = (name: string, outcome: Outcome): Method => ({
      name,
      authenticate: () => outcome,
      accepted: (_, { subject }) => void said.push(`${name} ${subject}`),
    });
    await run(authenticate({ ...rules, require: 'All' }, [writing('1', a), writing('2', refused)]));
    expect(said).toEqual([]);
    await run(authenticate({ ...rules, require: 'All' }, [writing('1', a), writing('2', b)]));
    expect(said).toEqual(['1 a', '2 b']);
  });

  test('who was not asked takes its credential out, unless it is the one that was accepted', async () => {
    const said: string[] = [];
    const discarding = (name: string, outcome: Outcome): Method => ({
      name,
      authenticate: () => outcome,
      discard: (_, credential) => void said.push(`${name} ${credential}`),
    });
    const methods = [
      discarding('1', absent),
      discarding('2', accepted('a', 'x')),
      discarding('3', b),
      discarding('4', b),
    ];
    await run(authenticate(rules, methods));
    expect(said).toEqual(['3 x', '4 x']);
  });

  describe('a login', () => {
    const browser = (outcome: Outcome, login: Outcome, late = false): Method => ({
      ...methodOf(outcome),
      login: (exchange) => {
        if (login.kind === 'answered') exchange.respond({ status: 303, headers: {}, body: '' });
        return late ? Promise.resolve(login) : login;
      },
    });
    const answered: Outcome = { kind: 'answered' };

    test.each<[string, Outcome[], number]>([
      ['nothing', [absent], 303],
      ['nothing of two kinds', [absent, absent], 303],
      ['something that is accepted', [absent, a], 200],
      ['something bad', [absent, refused], 401],
      ['something that nobody knows', [absent, foreign], 401],
      ['something that may not', [absent, forbidden], 403],
    ])('is for who shows %s', async (_, [own, ...others], status) => {
      for (const late of [false, true]) {
        const methods = [browser(own!, answered, late), ...others.map((outcome) => methodOf(outcome))];
        expect((await run(authenticate(rules, methods))).status).toBe(status);
      }
    });

    test('is not for who it does not want, or cannot serve', async () => {
      expect((await run(authenticate(rules, [browser(absent, silent)]))).denied).toBe('unauthenticated');
      expect((await run(authenticate(rules, [browser(absent, unavailable)]))).denied).toBe('policy-unavailable');
    });

    test('is not forced upon anonymous requests, where they may pass', async () => {
      const seen = await run(authenticate({ ...rules, allowAnonymous: true }, [browser(absent, answered)]));
      expect(seen.local).toBeUndefined();
    });

    test('is offered where All are required, too', async () => {
      const filter = authenticate({ ...rules, require: 'All' }, [browser(absent, answered), methodOf(a)]);
      expect(await run(filter)).toMatchObject({ status: 303, identity: null });
    });
  });

  test('methods that want to see answers see them; without any there is no such phase', async () => {
    const responding: Method = {
      ...methodOf(a),
      responded: ({ identity, response }) => response.headers.add('X-Seen', identity?.subject ?? 'nobody'),
    };
    expect((await run(authenticate(rules, [responding]))).responseHeaders).toEqual(['X-Seen: a']);
    expect((await run(authenticate(rules, [methodOf(refused), responding]))).responseHeaders).toContain(
      'X-Seen: nobody',
    );
    expect(authenticate(rules, [methodOf(a)]).onResponse).toBeUndefined();
  });

  test('closing closes every method', () => {
    let closed = 0;
    const closing = { ...methodOf(a), close: () => void closed++ };
    authenticate(rules, [closing, closing]).close?.();
    expect(closed).toBe(2);
  });
});

test('a token that nobody looked at does not reach the backend beside an API key', async () => {
  const config = configOf({ methods: [jwt({ localJWKS: { type: 'Inline', inline: pemOf(rsa) } })] });
  const method = createMethod(config.methods[0]!, testFilterEnv());
  const options: ExchangeOptions = { headers: { authorization: 'Bearer forged.forged.forged', cookie: 'a=1' } };
  const seen = await run(authenticate({ require: 'Any', allowAnonymous: false }, [methodOf(a), method]), options);
  expect(seen).toMatchObject({ identity: { subject: 'a' }, requestHeaders: ['cookie: a=1'] });
});

function methodOf(outcome: Outcome, late = false): Method {
  return { name: 'test', authenticate: () => (late ? Promise.resolve(outcome) : outcome) };
}
