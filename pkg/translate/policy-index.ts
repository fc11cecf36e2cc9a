/** Which policies are attached where. Filled by policy.ts, asked through World. */
import type { AttachedPolicy, Level, PolicyTarget } from './policy-level.ts';

const None: readonly AttachedPolicy[] = Object.freeze([]);

export class PolicyIndex {
  readonly #attached = new Map<string, AttachedPolicy[]>();
  readonly #levels = new Map<string, Level>();

  add(namespace: string, name: string, level: Level): void {
    this.#levels.set(`${namespace}/${name}`, level);
  }

  attach(kind: PolicyTarget, namespace: string, name: string, policy: AttachedPolicy): void {
    const id = `${kind}/${namespace}/${name}`;
    const others = this.#attached.get(id);
    if (others === undefined) this.#attached.set(id, [policy]);
    else others.push(policy);
  }

  attachedTo(kind: PolicyTarget, namespace: string, name: string): readonly AttachedPolicy[] {
    // Most clusters have none, and every route asks.
    return this.#attached.size === 0 ? None : (this.#attached.get(`${kind}/${namespace}/${name}`) ?? None);
  }

  named(namespace: string, name: string): Level | undefined {
    return this.#levels.get(`${namespace}/${name}`);
  }
}
