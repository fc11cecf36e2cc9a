/** Control-plane half of access by address: reads the lists. One entry that is none makes the whole key fail closed. */
import type { Problem } from '../../status/problem.ts';
import type { PolicyContext } from '../context.ts';
import { parseNetwork } from '../ip-set.ts';
import { keyName } from '../key-name.ts';
import { type Translated, unsupported } from '../translated.ts';
import type { IpAccessConfig, IpAccessSpec } from './schema.ts';

/** Of the mistakes in one list, which may have thousands; the rest is a number. */
const MaxProblems = 5;

/** @param path where `spec` stands in its object, for messages */
export function translateIpAccess(
  spec: IpAccessSpec,
  path: string,
  context: PolicyContext,
): Translated<IpAccessConfig> {
  const { allow, deny = [], listRef, countries } = spec;
  if (allow === undefined && spec.deny === undefined && listRef === undefined && countries === undefined)
    return [unsupported(path, 'says nothing; write allow, deny, listRef or countries')];
  const listed = listRef === undefined ? { networks: [], problems: [] } : readList(listRef, `${path}.listRef`, context);
  const problems = [
    ...networkProblems(allow ?? [], `${path}.allow`),
    ...networkProblems(deny, `${path}.deny`),
    ...listed.problems,
    ...countryProblems(countries, `${path}.countries`, context),
  ];
  if (problems.length > 0) return problems;
  const allows = listRef?.action === 'Allow';
  return {
    allow: allow === undefined && !allows ? null : [...(allow ?? []), ...(allows ? listed.networks : [])],
    deny: allows ? deny : [...deny, ...listed.networks],
    countries: countries === undefined ? null : { allow: countries.allow ?? null, deny: countries.deny ?? [] },
  };
}

function networkProblems(networks: readonly string[], path: string): readonly Problem[] {
  const problems = networks.flatMap((network, i) =>
    parseNetwork(network) === null
      ? [unsupported(`${path}[${i}]`, `"${network}" is no network; write one such as 10.0.0.0/8 or fd00::/8`)]
      : [],
  );
  if (problems.length <= MaxProblems) return problems;
  return [
    ...problems.slice(0, MaxProblems),
    unsupported(path, `${problems.length - MaxProblems} more entries are no networks`),
  ];
}

function countryProblems(
  countries: IpAccessSpec['countries'],
  path: string,
  { hasCountries }: PolicyContext,
): readonly Problem[] {
  if (countries === undefined) return [];
  if (countries.allow === undefined && countries.deny === undefined)
    return [unsupported(path, 'says nothing; write allow or deny')];
  return hasCountries
    ? []
    : [unsupported(path, 'needs a database of countries; start the gateway with --geoip-database, or remove it')];
}

interface Listed {
  readonly networks: readonly string[];
  readonly problems: readonly Problem[];
}

function readList(ref: NonNullable<IpAccessSpec['listRef']>, path: string, context: PolicyContext): Listed {
  const found = context.configMap(ref, path);
  if (found.problem !== undefined) return { networks: [], problems: [found.problem] };
  const networks: string[] = [];
  const problems: Problem[] = [];
  let wrong = 0;
  for (const [i, line] of found.value.split('\n').entries()) {
    const network = line.split('#', 1)[0]!.trim();
    if (network === '') continue;
    if (parseNetwork(network) !== null) networks.push(network);
    else if (++wrong <= MaxProblems)
      problems.push(lineProblem(keyName('ConfigMap', ref, context), path, i + 1, network));
  }
  if (wrong > MaxProblems)
    problems.push(
      unsupported(path, `${wrong - MaxProblems} more lines of ${keyName('ConfigMap', ref, context)} are no networks`),
    );
  return { networks, problems };
}

function lineProblem(list: string, path: string, line: number, text: string): Problem {
  const shown = text.length > 60 ? `${text.slice(0, 60)}…` : text;
  return unsupported(
    path,
    `line ${line} of ${list}: "${shown}" is no network; write an address or a CIDR, and comments behind #`,
  );
}
