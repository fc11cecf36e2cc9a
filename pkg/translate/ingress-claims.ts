/** Who serves a host and path that several Ingresses ask for: the oldest, then the first by name. */
import type { Ingress } from '../api/core.ts';
import type { Problem } from '../status/problem.ts';
import type { TranslatedIngress } from './ingress-rules.ts';

/** Asked in the order of age. The rules themselves stay in the IR, where the same order decides between them. */
export class Claims {
  readonly #paths = new Map<string, string>();
  readonly #defaults = new Map<string, string>();

  /** @param place where it listens; Ingresses of different places do not meet */
  claim(place: string, ingress: Ingress, { hosts, defaultBackend }: TranslatedIngress): readonly Problem[] {
    const id = idOf(ingress);
    const problems: Problem[] = [];
    for (const { host, rules } of hosts) {
      for (const { rule, path } of rules) {
        for (const { path: match } of rule.matches) {
          const key = `${place} ${host} ${match.kind} ${match.value}`;
          const owner = this.#paths.get(key);
          if (owner === undefined) this.#paths.set(key, id);
          else
            problems.push({
              path,
              reason: 'DuplicatePath',
              message: duplicate(`${host || 'every host'} ${match.kind} ${match.value}`, owner, id),
            });
        }
      }
    }
    if (defaultBackend === undefined) return problems;
    const owner = this.#defaults.get(place);
    if (owner === undefined) this.#defaults.set(place, id);
    else {
      const scope = hosts.some(({ host }) => host !== '')
        ? 'this one serves its own hosts only'
        : 'this one is never asked';
      const message = `Ingress ${owner} is older, or first by name, and serves what nothing matches, so ${scope}; keep one default backend`;
      problems.push({ path: 'spec.defaultBackend', reason: 'DuplicateDefaultBackend', message });
    }
    return problems;
  }

  /** Whether its default backend serves every host. */
  ownsDefault(place: string, ingress: Ingress): boolean {
    return this.#defaults.get(place) === idOf(ingress);
  }
}

function idOf({ metadata }: Ingress): string {
  return `${metadata.namespace}/${metadata.name}`;
}

function duplicate(what: string, owner: string, id: string): string {
  return owner === id
    ? `${what} stands twice in this Ingress, and the first counts; remove one`
    : `${what} is served by Ingress ${owner}, which is older, or first by name; remove it from one of the two`;
}
