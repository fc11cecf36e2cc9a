import { describe, expect, test } from '@jest/globals';
import type { Match, NamedMatch, Route } from '../ir/route.ts';
import { createCompiler } from './compile.ts';
import { explain } from './explain.ts';
import { exact, irOf, listener, match, prefix, regex, request, route, rule } from './fixture.ts';
import type { MatchInput, RuntimeRule } from './table.ts';

/** A small seeded generator, so that a failure can be repeated. */
class Random {
  #state: number;
  constructor(seed: number) {
    this.#state = seed;
  }
  below(limit: number): number {
    this.#state = (Math.imul(this.#state, 1_664_525) + 1_013_904_223) >>> 0;
    return (this.#state >>> 8) % limit;
  }
  pick<T>(values: readonly T[]): T {
    return values[this.below(values.length)]!;
  }
}

const paths = ['/', '/a', '/a/b', '/a/b/c', '/ab', '/b'];
const patterns = ['/a.*', '/.*b', '/a/[a-z]', '/.*'];
const hosts = ['', '*.example', '*.b.example', 'a.b.example', 'a.example'];
const requestHosts = ['a.b.example', 'x.b.example', 'a.example', 'x.example', 'elsewhere'];

function randomMatch(random: Random): Match {
  const some = (): NamedMatch[] =>
    ['x', 'y']
      .slice(0, random.pick([0, 0, 1, 2]))
      .map((name) => ({ name, kind: 'Exact', value: random.pick(['1', '2']) }));
  const path = random.pick([exact, prefix, prefix, regex]);
  return match(path(random.pick(path === regex ? patterns : paths)), {
    headers: some(),
    queryParams: some(),
    cookies: some(),
    ...(random.below(3) === 0 ? { method: random.pick(['GET', 'POST']) } : {}),
  });
}

function randomRoutes(random: Random): Route[] {
  return Array.from({ length: 1 + random.below(8) }, (_, i) =>
    route(
      `r${random.below(100)}-${i}`,
      [{ listener: 'l', hostnames: [...new Set([random.pick(hosts), random.pick(hosts)])] }],
      Array.from({ length: 1 + random.below(3) }, (_, index) =>
        rule(index, [randomMatch(random), randomMatch(random)]),
      ),
      {
        kind: random.pick(['HTTPRoute', 'GatewayRoute', 'Ingress']),
        created: random.below(3),
        namespace: random.pick(['a', 'b']),
      },
    ),
  );
}

function randomRequest(random: Random): MatchInput {
  const values = (): Record<string, string> =>
    Object.fromEntries(['x', 'y'].map((name) => [name, random.pick(['1', '2', '3'])]));
  return request({
    method: random.pick(['GET', 'POST', 'PUT']),
    host: random.pick(requestHosts),
    path: random.pick([...paths, '/a/', '/a/x', '/a/b/c/d', '/abc', '/x/b']),
    headers: values(),
    query: values(),
    cookies: values(),
  });
}

/** The rule of the specification, spelled out: every match that fits, the best by what it is worth. Shares no code with the table. */
function naive(routes: readonly Route[], input: MatchInput): string | undefined {
  const worth: { readonly key: readonly (number | string)[]; readonly name: string }[] = [];
  for (const one of routes) {
    for (const hostname of one.attachments[0]!.hostnames) {
      const wild = hostname.startsWith('*.');
      if (!(hostname === '' || hostname === input.host || (wild && input.host.endsWith(hostname.slice(1))))) continue;
      for (const { index, matches } of one.rules) {
        for (const [i, { path, method, headers, queryParams, cookies }] of matches.entries()) {
          const values = {
            Exact: input.path === path.value,
            PathPrefix: `${input.path}/`.startsWith(`${path.value}/`.replace('//', '/')),
          };
          const fits =
            path.kind === 'RegularExpression' ? new RegExp(`^(?:${path.value})$`).test(input.path) : values[path.kind];
          const conditions =
            (method ?? input.method) === input.method &&
            headers.every(({ name, value }) => input.header(name) === value) &&
            queryParams.every(({ name, value }) => input.queryParam(name) === value) &&
            cookies.every(({ name, value }) => input.cookie(name) === value);
          if (!fits || !conditions) continue;
          const hostRank = hostname === '' ? 2 : Number(wild);
          const pathRank = ['Exact', 'RegularExpression', 'PathPrefix'].indexOf(path.kind);
          const counts = [method === undefined ? 0 : 1, headers.length, queryParams.length, cookies.length].map(
            (n) => -n,
          );
          const kind = ['HTTPRoute', 'GatewayRoute', 'Ingress'].indexOf(one.kind);
          const key = [
            hostRank,
            -hostname.length,
            pathRank,
            -path.value.length,
            ...counts,
            one.created,
            kind,
            `${one.namespace}/${one.name}`,
            index,
            i,
          ];
          worth.push({
            key,
            name: `${one.kind}/${one.namespace}/${one.name} ${index} ${path.kind === 'PathPrefix' ? path.value : ''}`,
          });
        }
      }
    }
  }
  const compare = (a: readonly (number | string)[], b: readonly (number | string)[]): number => {
    const at = a.findIndex((value, i) => value !== b[i]);
    return at < 0 ? 0 : a[at]! < b[at]! ? -1 : 1;
  };
  return worth.sort((a, b) => compare(a.key, b.key))[0]?.name;
}

const nameOf = (found: RuntimeRule): string => `${found.routeId} ${found.index} ${found.matchedPrefix}`;

describe('looking up in sorted tables', () => {
  test('gives what comparing every rule with every other gives, and explain names the same', () => {
    const random = new Random(42);
    let served = 0;
    for (let round = 0; round < 400; round++) {
      const routes = randomRoutes(random);
      const compiler = createCompiler({ filter: () => ({}) });
      const socket = compiler.compile(1, irOf({ listeners: { l: listener('') }, routes })).sockets.get('*|80')!;
      for (let i = 0; i < 25; i++) {
        const input = randomRequest(random);
        const found = socket.find(input, null);
        const name = typeof found === 'object' ? nameOf(found) : found;
        expect([round, i, name]).toEqual([round, i, naive(routes, input)]);
        const { result, candidates } = explain(socket, input, null);
        const won = candidates.filter(({ outcome }) => outcome === 'won').map((candidate) => candidate.rule);
        expect([round, i, result, won]).toEqual([round, i, found, found === undefined ? [] : [found]]);
        served += found === undefined ? 0 : 1;
      }
    }
    // Not a test of nothing.
    expect(served).toBeGreaterThan(3_000);
  });
});
