/** Processor: builds every cluster that a route, mirror or Ingress refers to. Runs last, so that nothing unused is built. */

import type { EndpointSlice } from '../api/core.ts';
import { refOf } from '../api/object.ts';
import type { Cluster } from '../ir/cluster.ts';
import type { Problem } from '../status/problem.ts';
import { translateBackend } from './backend.ts';
import type { Context } from './context.ts';
import type { ClusterRef } from './draft.ts';
import { buildServiceCluster, findEndpoints } from './service.ts';

export function translateClusters(context: Context): Record<string, Cluster> {
  const clusters: Record<string, Cluster> = {};
  const refused = new Map<EndpointSlice, Problem[]>();
  for (const id of [...context.outputs.clusters.keys()].sort()) {
    const ref = context.outputs.clusters.get(id);
    const cluster = ref === undefined ? undefined : build(ref, context, refused);
    if (cluster !== undefined) clusters[id] = cluster;
  }
  for (const [slice, problems] of refused) {
    context.addStatus({ ref: refOf(slice), generation: slice.metadata.generation, status: {}, problems });
  }
  return clusters;
}

function build(ref: ClusterRef, context: Context, refused: Map<EndpointSlice, Problem[]>): Cluster | undefined {
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
    const problems = refused.get(slice) ?? [];
    // Two ports of a Service share their addresses: said once.
    if (!problems.some((known) => known.path === problem.path)) problems.push(problem);
    refused.set(slice, problems);
  }
  return result.cluster;
}
