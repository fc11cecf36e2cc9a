/** What policies come to, as the IR says it: for tests of where they are attached and who overrides whom. */
import type { Ir } from '../ir/ir.ts';
import type { Rule } from '../ir/route.ts';
import type { ObjectStatus } from '../status/status.ts';
import { Memo } from '../translate/memo.ts';
import { translate } from '../translate/translate.ts';
import { readCase } from './golden.ts';

export interface InForce {
  readonly ir: Ir;
  readonly statuses: readonly ObjectStatus[];
  /** As in Translation. */
  readonly again: number | undefined;
  /** `cors Enforced GatewayPolicy infra/baseline`, `cors Overridden … by …`: by key, as they run. @param route id in Ir.routes */
  readonly origins: (route: string, rule?: number) => readonly string[];
  /** `forward`, `local`, or `500 policy-invalid`. */
  readonly action: (route: string, rule?: number) => string;
  /** Kinds of the filters that run. */
  readonly filters: (route: string, rule?: number) => readonly string[];
  /** `True Accepted`: a condition in the status of an object. */
  readonly condition: (kind: string, name: string, type: string) => string | undefined;
  /** `spec.policies.cors RefNotFound`, of an object. */
  readonly problems: (kind: string, name: string) => readonly string[];
}

/** @param yaml a case as of `readCase` */
export function inForce(yaml: string, memo: Memo = new Memo(), now = 0): InForce {
  const { options, snapshot } = readCase(yaml);
  const { ir, statuses, again } = translate(snapshot, { ...options, now }, memo);
  const ruleOf = (route: string, index: number): Rule => {
    const rule = ir.routes[route]?.rules.find((each) => each.index === index);
    if (rule === undefined)
      throw new Error(`no rule ${index} of ${route}, but ${Object.keys(ir.routes).join(', ') || 'none'}`);
    return rule;
  };
  const statusOf = (kind: string, name: string): ObjectStatus | undefined =>
    statuses.find(({ ref }) => ref.kind === kind && ref.name === name);
  return {
    ir,
    statuses,
    again,
    origins: (route, index = 0) =>
      (ir.policies[ruleOf(route, index).policies ?? ''] ?? []).map(
        ({ key, state, from, by }) => `${key} ${state} ${from}${by === undefined ? '' : ` by ${by}`}`,
      ),
    action(route, index = 0) {
      const { action } = ruleOf(route, index);
      return action.kind === 'refuse' ? `${action.status} ${action.code}` : action.kind;
    },
    filters: (route, index = 0) => ruleOf(route, index).filters.map((id) => ir.filters[id]?.kind ?? `${id} is missing`),
    condition(kind, name, type) {
      const { conditions } = (statusOf(kind, name)?.status ?? {}) as {
        readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason: string }[];
      };
      const found = conditions?.find((condition) => condition.type === type);
      return found && `${found.status} ${found.reason}`;
    },
    problems: (kind, name) => (statusOf(kind, name)?.problems ?? []).map(({ path, reason }) => `${path} ${reason}`),
  };
}
