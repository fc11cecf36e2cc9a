/**
 * Raw JSON → a validated, defaulted, frozen object, or all that is wrong with it: what an API server with the official CRDs gives,
 * with kubectl's strict treatment of unknown fields. Used by the sources; everything behind them trusts the types of kinds.ts.
 */
import { type Check, compileCheck } from './checker.ts';
import { explainForeign } from './foreign.ts';
import { apiVersionOf, GATEWAY_API_GROUP, isKind, KINDS, type Kind, type KindFacts, OUR_GROUP } from './kinds.ts';
import { checkMetadata } from './metadata.ts';
import { normalize } from './normalize.ts';
import type { KubeObject, Metadata } from './object.ts';
import { type FieldProblem, Findings, quote } from './problem.ts';
import { RULES } from './rules.ts';
import { SCHEMAS } from './schemas.ts';
import { standInFor } from './stand-in.ts';

export type Validation =
  | { readonly object: KubeObject }
  /** `standIn`: what takes its place where no former version of it does. */
  | { readonly problems: readonly FieldProblem[]; readonly standIn?: KubeObject }
  /** An object of a kind that is not ours to read; the text says which, for a log line. */
  | { readonly ignored: string };

const UNREAD = { unread: true } as const;

const CHECKS = Object.fromEntries(Object.keys(KINDS).map((kind) => [kind, rootCheck(kind as Kind)])) as Record<
  Kind,
  Check
>;

/** Never throws, whatever `raw` is. */
export function validateObject(raw: unknown): Validation {
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw)) {
    return mistake('', 'is not an object', 'write a map with apiVersion, kind and metadata');
  }
  const { apiVersion, kind, metadata } = raw as Readonly<Record<string, unknown>>;
  if (typeof apiVersion !== 'string' || apiVersion === '')
    return mistake('apiVersion', 'is required', 'add apiVersion, such as v1');
  if (typeof kind !== 'string' || kind === '') return mistake('kind', 'is required', 'add kind, such as HTTPRoute');
  const slash = apiVersion.indexOf('/');
  const [group, version] = [apiVersion.slice(0, Math.max(slash, 0)), apiVersion.slice(slash + 1)];
  if (!isKind(kind) || KINDS[kind].group !== group) {
    const explained = explainForeign(apiVersion, group, kind);
    return typeof explained === 'string' ? { ignored: explained } : { problems: [explained] };
  }
  const facts = KINDS[kind];
  if (!facts.versions.includes(version)) {
    const served = facts.versions.map((each) => apiVersionOf(facts, each)).join(' or ');
    return mistake('apiVersion', `${quote(apiVersion)} is not served for ${kind}`, `use ${served}`);
  }
  return checkObject(raw, kind, facts, metadata);
}

function checkObject(raw: object, kind: Kind, facts: KindFacts, metadata: unknown): Validation {
  const findings = new Findings();
  const checked = checkMetadata(metadata, kind, findings);
  const body = CHECKS[kind](raw, findings) as object;
  if (findings.problems.length > 0 || checked === undefined) {
    return refused(raw, kind, checked, findings.problems);
  }
  const object = normalize({ apiVersion: apiVersionOf(facts), kind, metadata: checked, ...body });
  // The rule of a kind takes that kind: the table's type says so, the index cannot.
  (RULES[kind] as ((object: KubeObject, findings: Findings) => void) | undefined)?.(object, findings);
  return findings.problems.length > 0 ? refused(raw, kind, checked, findings.problems) : { object };
}

function refused(raw: object, kind: Kind, metadata: Metadata | undefined, found: readonly FieldProblem[]): Validation {
  if (kind === 'Secret') return { problems: found.map(withoutValue) };
  if (kind !== 'GatewayPolicy' || metadata === undefined) return { problems: found };
  const standIn = standInFor(raw as Readonly<Record<string, unknown>>, metadata, found);
  return standIn === undefined ? { problems: found } : { problems: found, standIn };
}

/** Messages go to logs: what stands in a Secret does not. */
function withoutValue(problem: FieldProblem): FieldProblem {
  if (!/^(data|stringData)\b/.test(problem.path)) return problem;
  return { ...problem, message: problem.message.replace(/, not .*$/s, ''), hint: problem.hint.replace(/: .*$/s, '') };
}

function rootCheck(kind: Kind): Check {
  const schema = SCHEMAS[kind];
  const properties = { apiVersion: UNREAD, kind: UNREAD, metadata: UNREAD, status: UNREAD, ...schema.properties };
  return compileCheck({ ...schema, properties }, { nullIsAbsent: !isCustom(KINDS[kind]) });
}

function isCustom({ group }: KindFacts): boolean {
  return group === GATEWAY_API_GROUP || group === OUR_GROUP;
}

function mistake(path: string, message: string, hint: string): Validation {
  return { problems: [{ path, message, hint }] };
}
