/** What policy translators and route filters may ask of the other objects: `policy/context.ts` over a Draft. */
import { hash } from 'node:crypto';
import type { Kind, ObjectOf } from '../api/kinds.ts';
import type { KeyRef, PolicyContext } from '../policy/context.ts';
import type { FilterContext } from '../policy/translators.ts';
import type { Problem } from '../status/problem.ts';
import type { Draft } from './draft.ts';
import type { World } from './world.ts';

export function policyContext(draft: Draft): FilterContext {
  const { namespace } = draft.object.metadata;
  const configMap: PolicyContext['configMap'] = ({ name, key }, path) => {
    const value = draft.world.get('ConfigMap', namespace, name)?.data[key];
    return value === undefined ? { problem: missing('ConfigMap', namespace, { name, key }, path) } : { value };
  };
  return {
    namespace,
    hasCountries: draft.world.hasCountries,
    configMap,
    secret({ name, key }, path) {
      const data = draft.world.get('Secret', namespace, name)?.data[key];
      if (data === undefined) return { problem: missing('Secret', namespace, { name, key }, path) };
      const value = Buffer.from(data, 'base64').toString('utf8');
      // Named by its content, so that a rotated value builds its filters anew and an unchanged one does not.
      const id = `Secret/${namespace}/${name}/${key}@${hash('sha256', data, 'hex').slice(0, 12)}`;
      draft.outputs.secrets.set(id, value);
      return { id, value };
    },
    authority({ kind, name }, path) {
      const found = draft.resolveAuthority({ group: '', kind, name }, path);
      if (found.problem !== undefined) return { problem: found.problem };
      return { id: found.id, value: draft.outputs.authorities.get(found.id) ?? '' };
    },
    backend(ref, path) {
      const found = draft.resolveBackend(ref, path);
      return found.cluster ?? found.problem ?? { path, reason: 'BackendNotFound', message: 'not found' };
    },
    list: (kind) => inNamespace(draft.world, kind, namespace),
    resolveMirror(ref, path) {
      const found = draft.resolveBackend(ref, path);
      return found.cluster ?? found.problem ?? { path, reason: 'BackendNotFound', message: 'not found' };
    },
    resolveBody(ref, path) {
      const found = configMap(ref, path);
      return found.problem ?? { value: found.value };
    },
  };
}

function inNamespace<K extends Kind>(world: World, kind: K, namespace: string): readonly ObjectOf<K>[] {
  return world.list(kind).filter(({ metadata }) => metadata.namespace === namespace);
}

function missing(kind: string, namespace: string, { name, key }: KeyRef, path: string): Problem {
  const message = `${kind} ${namespace}/${name} with key ${key} not found; create it or correct the reference`;
  return { path, reason: 'RefNotFound', message };
}
