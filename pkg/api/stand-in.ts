/**
 * A GatewayPolicy that cannot be read (a misspelt field in a directory, a key of a later release in a cluster whose gateway was rolled back) must not
 * leave open what it protects. What stands for it has its targets, and closes them.
 */
import { type GatewayPolicy, TARGET_GROUPS, type TargetKind } from './gatewaypolicy.ts';
import type { Metadata } from './object.ts';
import { mayGuard } from './policies.ts';
import type { FieldProblem } from './problem.ts';

type Fields = Readonly<Record<string, unknown>>;

/**
 * @param raw checked in nothing
 * @param unread what is wrong with it
 * @returns undefined for one that would only dress requests and answers, or decide nothing: they are served without it
 */
export function standInFor(
  raw: Fields,
  metadata: Metadata,
  unread: readonly FieldProblem[],
): GatewayPolicy | undefined {
  const spec = fieldsOf(raw['spec']);
  if (!mayProtect(spec['policies'])) return undefined;
  const standIn: GatewayPolicy = {
    apiVersion: 'gateway.suuupra.io/v1alpha1',
    kind: 'GatewayPolicy',
    metadata,
    spec: {
      targetRefs: listOf(spec['targetRefs']).flatMap(targetRefOf),
      targetSelectors: listOf(spec['targetSelectors']).flatMap(selectorOf),
      strategy: spec['strategy'] === 'Overrides' ? 'Overrides' : 'Defaults',
      policies: {},
    },
    unread,
  };
  return Object.freeze(standIn);
}

function mayProtect(policies: unknown): boolean {
  if (typeof policies !== 'object' || policies === null || Array.isArray(policies)) return true;
  return Object.entries(policies).some(([name, value]) => {
    const { mode } = fieldsOf(value);
    return mayGuard(name) && mode !== 'Shadow' && mode !== 'Disabled';
  });
}

/** Without what is wrong with it: a target whose section cannot be read is closed as a whole. */
function targetRefOf(ref: unknown): NonNullable<GatewayPolicy['spec']['targetRefs']> {
  const { kind, name, sectionName } = fieldsOf(ref);
  if (!isTargetKind(kind) || typeof name !== 'string') return [];
  return [
    {
      group: TARGET_GROUPS[kind],
      kind,
      name,
      ...(typeof sectionName === 'string' && sectionName !== '' && { sectionName }),
    },
  ];
}

function selectorOf(selector: unknown): NonNullable<GatewayPolicy['spec']['targetSelectors']> {
  const { kind, matchLabels } = fieldsOf(selector);
  const labels = Object.entries(fieldsOf(matchLabels)).filter(
    (pair): pair is [string, string] => typeof pair[1] === 'string',
  );
  // Without labels it would be everything of the namespace.
  if (!isTargetKind(kind) || labels.length === 0) return [];
  return [{ group: TARGET_GROUPS[kind], kind, matchLabels: Object.fromEntries(labels) }];
}

function isTargetKind(kind: unknown): kind is TargetKind {
  return typeof kind === 'string' && Object.hasOwn(TARGET_GROUPS, kind);
}

function fieldsOf(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}
