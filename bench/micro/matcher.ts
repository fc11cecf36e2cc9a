/** How long it takes to find the rule for a request, and whether that depends on how many routes there are. */
import type { Buffer } from 'node:buffer';
import { createFilter } from '../../pkg/policy/filters.ts';
import { inertFilterEnv } from '../../pkg/policy/inert-env.ts';
import { createCompiler } from '../../pkg/routing/compile.ts';
import type { MatchInput, SocketTable } from '../../pkg/routing/table.ts';
import { type EstateRequest, estateRequests } from '../estate.ts';
import type { Benchmark, Figure } from './benchmark.ts';
import { browserHead } from './heads.ts';
import { measure } from './measure.ts';
import { createRequest } from './rewrite.ts';
import { received, translateEstate } from './translated.ts';

const group = 'matcher';
/** As many requests in turn as `make bench` has, spread over hosts and paths: what a busy worker has in its caches. */
const Busy = 64;
const Bar = 1.2;

interface Place {
  readonly name: string;
  readonly table: SocketTable;
  readonly requests: readonly EstateRequest[];
}

export function measureMatcher(rounds: number): readonly Figure[] {
  const few = placeOf('10 routes', 1);
  const many = placeOf('10,000 routes on 1,000 hosts', 1_000);
  const busy = { ...many, requests: drawn(many.requests, Busy) };
  const all = {
    ...many,
    name: `${many.name}, all of them in turn`,
    requests: drawn(many.requests, many.requests.length),
  };
  const same = { ...few, requests: drawn(few.requests, Busy) };
  return [
    ...compared('look-up', rounds, same, busy),
    measure(lookUp(`look-up, ${all.name}`, all), rounds),
    ...compared('bytes to rule', rounds, same, busy),
  ];
}

function compared(what: 'look-up' | 'bytes to rule', rounds: number, few: Place, many: Place): readonly Figure[] {
  const benchmarkOf = what === 'look-up' ? lookUp : bytesToRule;
  const a = measure(benchmarkOf(`${what}, ${few.name}`, few), rounds);
  const b = measure(benchmarkOf(`${what}, ${many.name}`, many), rounds);
  const ratio: Figure = {
    group,
    name: `${what}, 10,000 routes against 10`,
    unit: '×',
    min: b.min / a.min,
    median: b.median / a.median,
    max: b.max / a.max,
    bytes: null,
    bar: { limit: Bar, of: 'median' },
  };
  return [a, b, ratio];
}

function placeOf(name: string, hosts: number): Place {
  const compiler = createCompiler({ filter: (filter) => createFilter(filter, inertFilterEnv()) });
  const { sockets } = compiler.compile(1, received(translateEstate(hosts).translation.ir));
  const requests = estateRequests(hosts);
  const table = sockets.values().next().value;
  if (table === undefined) throw new Error('the estate has no socket');
  for (const request of requests) check(table, request);
  return { name, table, requests };
}

/** A look-up that finds the wrong rule is not fast. */
function check(table: SocketTable, request: EstateRequest): void {
  const rule = table.find(inputOf(request), null);
  const found = typeof rule === 'object' ? rule.routeId : String(rule);
  if (found !== request.route) throw new Error(`${request.host}${request.path} led to ${found}`);
}

function inputOf({ host, path, headers }: EstateRequest): MatchInput {
  return {
    method: 'GET',
    host,
    path,
    header: (name) => headers[name],
    queryParam: () => undefined,
    cookie: () => undefined,
  };
}

/** Strings stand ready, as if the request were matched a second time. */
function lookUp(name: string, { table, requests }: Place): Benchmark {
  const inputs = requests.map(inputOf);
  return {
    group,
    name,
    run(count) {
      let sum = 0;
      for (let i = 0, at = 0; i < count; i++) {
        const rule = table.find(inputs[at]!, null);
        if (++at === inputs.length) at = 0;
        if (typeof rule === 'object') sum += rule.index + 1;
      }
      return sum;
    },
  };
}

/** From a browser's bytes: scanned, read, strings made, matched. */
function bytesToRule(name: string, { table, requests }: Place): Benchmark {
  const { request, read } = createRequest();
  const heads: readonly Buffer[] = requests.map(({ host, path, query }) => browserHead(host, path + query));
  return {
    group,
    name,
    run(count) {
      let sum = 0;
      for (let i = 0, at = 0; i < count; i++) {
        read(heads[at]!);
        if (++at === heads.length) at = 0;
        const rule = table.find(request, null);
        if (typeof rule === 'object') sum += rule.index + 1;
      }
      return sum;
    },
  };
}

/** `count` of them, some more than once, in an order that no branch predictor knows; the same on each run. */
function drawn(requests: readonly EstateRequest[], count: number): readonly EstateRequest[] {
  let seed = 1;
  return Array.from({ length: count }, () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return requests[seed % requests.length]!;
  });
}
