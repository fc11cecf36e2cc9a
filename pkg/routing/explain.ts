/** Why a request goes where it goes: every match of the listeners that were asked, and what each lost by. Used by `gatewayctl route` and the admin server. */
import type { Listener } from '../ir/listener.ts';
import { compareHostnames, coversHost } from './hosts.ts';
import type { ListenerTable } from './listener.ts';
import { type CompiledMatch, fitsPath, type Misfit, misfit } from './match.ts';
import { compareMatches } from './precedence.ts';
import type { CompiledSocket } from './socket.ts';
import { type MatchInput, Misdirected, type RuntimeRule } from './table.ts';

export interface Explanation {
  /** What the socket answers. */
  readonly result: RuntimeRule | Misdirected | undefined;
  /** The listener that takes the request, tier by tier, as far as tiers were asked. */
  readonly listeners: readonly Listener[];
  /** Every match of those listeners: the winner first, then those that were beaten, then those that do not fit. */
  readonly candidates: readonly Candidate[];
}

export interface Candidate {
  readonly rule: RuntimeRule;
  /** Index in the rule. */
  readonly match: number;
  /** Hostname pattern of the route that the match stands under. */
  readonly hostname: string;
  readonly outcome: 'won' | 'beaten' | 'path' | Misfit;
  /** One sentence for people. */
  readonly reason: string;
}

/** Asks `socket` as the proxy would, and says how it came to its answer. */
export function explain(socket: CompiledSocket, request: MatchInput, servername: string | null): Explanation {
  const listeners: Listener[] = [];
  const candidates: Candidate[] = [];
  const result = socket.find(request, servername);
  for (const tier of socket.tiers) {
    const table = tier.get(request.host);
    if (table === undefined) continue;
    listeners.push(table.listener);
    if (result === Misdirected) break;
    const found = table.find(request);
    candidates.push(...candidatesOf(table, request, found));
    if (found !== null) break;
  }
  const order = (candidate: Candidate): number =>
    candidate.outcome === 'won' ? 0 : candidate.outcome === 'beaten' ? 1 : 2;
  // Stable: within each group the order of precedence stays.
  return { result, listeners, candidates: candidates.sort((a, b) => order(a) - order(b)) };
}

function candidatesOf(table: ListenerTable, request: MatchInput, winner: CompiledMatch | null): Candidate[] {
  const hostnames = [...table.hosts.keys()].sort(compareHostnames);
  // A route with several hostnames stands under each; the winner is the match under the first that covers the host.
  const wonUnder = hostnames.find(
    (hostname) => coversHost(hostname, request.host) && (table.hosts.get(hostname)?.matches() ?? []).includes(winner!),
  );
  return hostnames.flatMap((hostname) => {
    const covered = coversHost(hostname, request.host);
    return (table.hosts.get(hostname)?.matches() ?? []).sort(compareMatches).map((match): Candidate => {
      const base = { rule: match.rule, match: match.index, hostname };
      if (!covered) {
        return {
          ...base,
          outcome: 'hostname',
          reason: `Hostname ${hostname} does not cover ${request.host || 'a request without host'}.`,
        };
      }
      if (match === winner && hostname === wonUnder)
        return { ...base, outcome: 'won', reason: 'Fits, and nothing that fits comes before it.' };
      return { ...base, ...lost(match, request, hostname, winner, wonUnder) };
    });
  });
}

function lost(
  match: CompiledMatch,
  request: MatchInput,
  hostname: string,
  winner: CompiledMatch | null,
  wonUnder: string | undefined,
): Pick<Candidate, 'outcome' | 'reason'> {
  if (!fitsPath(match, request.path)) {
    return { outcome: 'path', reason: `Path ${request.path} does not fit ${match.path.kind} ${match.path.value}.` };
  }
  const part = misfit(match, request);
  if (part !== null) return { outcome: part, reason: misfitReason(match, request, part) };
  if (winner === null) return { outcome: 'beaten', reason: 'Fits.' };
  if (hostname !== wonUnder) {
    return {
      outcome: 'beaten',
      reason: `Fits, but hostname ${wonUnder || '*'} is more specific than ${hostname || '*'}.`,
    };
  }
  return { outcome: 'beaten', reason: `Fits, but ${nameOf(winner)} wins: ${beatenBy(winner, match)}.` };
}

function misfitReason(match: CompiledMatch, request: MatchInput, part: Misfit): string {
  if (part === 'hostname')
    return `The wildcard of an Ingress stands for one label: *${match.oneLabelSuffix} does not cover ${request.host}.`;
  if (part === 'method') return `Method ${request.method} is not ${match.method}.`;
  const [tests, valueOf] = {
    header: [match.match.headers, request.header.bind(request)] as const,
    query: [match.match.queryParams, request.queryParam.bind(request)] as const,
    cookie: [match.match.cookies, request.cookie.bind(request)] as const,
  }[part];
  const wanted = tests.map(({ name, kind, value }) => {
    const have = valueOf(name);
    const expected = kind === 'Exact' ? `"${value}"` : `a text that fits ${value}`;
    return `${name} must be ${expected} and is ${have === undefined ? 'absent' : `"${have}"`}`;
  });
  const label = { header: 'Header', query: 'Query parameter', cookie: 'Cookie' }[part];
  return `${label} does not fit: ${wanted.join('; ')}.`;
}

/** The first step of `compareMatches` that decides. */
function beatenBy(winner: CompiledMatch, loser: CompiledMatch): string {
  const count = (list: readonly unknown[] | null): number => list?.length ?? 0;
  if (winner.path.kind !== loser.path.kind) return `${winner.path.kind} comes before ${loser.path.kind}`;
  if (winner.path.value.length !== loser.path.value.length)
    return `path ${winner.path.value} is longer than ${loser.path.value}`;
  if ((winner.method === null) !== (loser.method === null)) return 'it names the method';
  if (count(winner.headers) !== count(loser.headers)) return 'it has more header matches';
  if (count(winner.queryParams) !== count(loser.queryParams)) return 'it has more query parameter matches';
  if (count(winner.cookies) !== count(loser.cookies)) return 'it has more cookie matches';
  if (winner.rule.route === loser.rule.route) return 'it stands first in its route';
  if (winner.rule.route.created !== loser.rule.route.created) return 'its route is older';
  if (winner.rule.route.kind !== loser.rule.route.kind)
    return `${winner.rule.route.kind} comes before ${loser.rule.route.kind}`;
  return 'its namespace/name comes first in the alphabet';
}

function nameOf({ rule }: CompiledMatch): string {
  return `${rule.routeId} rule ${rule.index}`;
}
