/** Processor: builds every cluster that a route, mirror or Ingress refers to. Runs last, so that nothing unused is built. */

import { type KubeObject, refOf } from '../api/object.ts';
import type { Cluster } from '../ir/cluster.ts';
import type { Problem } from '../status/problem.ts';
import { translateBackend } from './backend.ts';
import type { Context } from './context.ts';
import type { ClusterRef } from './draft.ts';
import { ignored } from './listeners.ts';
import { buildServiceCluster, findEndpoints } from './service.ts';

/** What is wrong with objects that have no status of ours. */
type Told = Map<KubeObject, Problem[]>;

export function translateClusters(context: Context): Record<string, Cluster> {
  const clusters: Record<string, Cluster> = {};
  const told: Told = new Map();
  for (const id of [...context.outputs.clusters.keys()].sort()) {
    const ref = context.outputs.clusters.get(id);
    const cluster = ref === undefined ? undefined : build(ref, context, told);
    if (cluster !== undefined) clusters[id] = cluster;
  }
  for (const [object, problems] of told) {
    // An empty status is not written: these kinds are not ours to write.
    context.addStatus({ ref: refOf(object), generation: object.metadata.generation, status: {}, problems });
  }
  return clusters;
}

function build(ref: ClusterRef, context: Context, told: Told): Cluster | undefined {
  if (ref.kind === 'Backend') {
    const backend = context.get('Backend', ref.namespace, ref.name);
    if (backend === undefined) return undefined;
    return context.translate(
      backend,
      (draft) => {
        const result = translateBackend(backend, draft.world);
        for (const [id, certificate] of result.certificates) draft.outputs.certificates.set(id, certificate);
        for (const [id, authority] of result.authorities) draft.outputs.authorities.set(id, authority);
        return result.cluster;
      },
      'cluster',
    );
  }
  const service = context.get('Service', ref.namespace, ref.name);
  const port = service?.spec.ports?.find((candidate) => candidate.port === ref.port);
  if (service === undefined || port === undefined) return undefined;
  const result = context.translate(
    service,
    (draft) => {
      const found = findEndpoints(service, port, draft.world);
      return { cluster: buildServiceCluster(service, port, found), refused: found.refused };
    },
    `cluster ${port.port}`,
  );
  for (const { slice, problem } of result.refused) {
    tell(told, slice, problem);
  }
  if (service.spec.sessionAffinity === 'ClientIP') {
    tell(
      told,
      service,
      ignored('spec.sessionAffinity', 'requests go to the endpoints directly; remove it, or do not rely on it'),
    );
  }
  return result.cluster;
}

/** Two ports of a Service share what is wrong with it: said once. */
function tell(told: Told, object: KubeObject, problem: Problem): void {
  const problems = told.get(object) ?? [];
  if (!problems.some((known) => known.path === problem.path)) problems.push(problem);
  told.set(object, problems);
}
