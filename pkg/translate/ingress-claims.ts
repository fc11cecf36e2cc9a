/** Who serves a host and path that several objects ask for, as Ingresses are told. */
import type { Ingress } from '../api/core.ts';
import type { Problem } from '../status/problem.ts';
import type { ObjectStatus } from '../status/status.ts';
import { type HostRules, rulesOf } from './ingress-rules.ts';

/** Paths of the Ingresses of one place: the oldest serves, then the first by name, and within an Ingress the first. */
export class Claims {
  readonly #owners = new Map<string, { readonly id: string; readonly path: string }>();

  /** Asked in the order of age. The rules stay in the IR, where the same order decides between them. */
  claim({ metadata }: Ingress, hosts: readonly HostRules[]): readonly Problem[] {
    const id = `${metadata.namespace}/${metadata.name}`;
    return hosts.flatMap(({ host, rules }) =>
      rules.flatMap(({ rule, path }): readonly Problem[] => {
        const key = `${host} ${JSON.stringify(rule.matches)}`;
        const owner = this.#owners.get(key);
        if (owner === undefined) {
          this.#owners.set(key, { id, path });
          return [];
        }
        const where = host || 'every host';
        const message =
          owner.id === id
            ? `is the same path on ${where} as ${owner.path}, which comes first and serves; remove one of the two`
            : `is served by Ingress ${owner.id} on ${where}, which is older, or first by name; change one of the two, or remove it`;
        return [{ path, reason: 'Shadowed', message }];
      }),
    );
  }
}

/** @param lost to routes; their paths begin with the place of the rule in the IR: `spec.rules[<Rule.index>]` */
export function withIngressClaims(status: ObjectStatus, lost: readonly Problem[], ingress: Ingress): ObjectStatus {
  const rules = rulesOf(ingress);
  const own = lost.flatMap((problem): readonly Problem[] => {
    const rule = rules[Number(/^spec\.rules\[(\d+)\]/.exec(problem.path)?.[1])];
    // The default backend stands behind all rules: that it is not asked for a host is what it is for.
    return rule === undefined ? [] : [{ ...problem, path: rule.path }];
  });
  return own.length === 0 ? status : { ...status, problems: [...status.problems, ...own] };
}
