/** Processor: the statuses of Backends, whether a route uses them or not. */
import type { Backend } from '../api/backend.ts';
import { refOf } from '../api/object.ts';
import type { ObjectStatus } from '../status/status.ts';
import { translateBackend } from './backend.ts';
import { Conditions, summarise } from './condition.ts';
import type { Context } from './context.ts';
import type { World } from './world.ts';

export function translateBackendStatuses(context: Context): void {
  for (const backend of context.list('Backend')) {
    context.addStatus(
      context.translate(
        backend,
        (draft) => {
          const { cluster, problems } = translateBackend(backend, draft.world);
          const health = cluster === undefined ? 'Unknown' : healthOf(backend, draft.world);
          return statusOf(backend, cluster !== undefined, health, problems);
        },
        'status',
      ),
    );
  }
}

type Health = 'Healthy' | 'Degraded' | 'Unavailable' | 'Unknown';

/** As the cluster sees it: what a Service does not stand for is looked after by nobody yet. The word is settled by `status/health.ts`. */
function healthOf({ metadata, spec }: Backend, world: World): Health {
  if (spec.type !== 'Service') return 'Unknown';
  const slices = world.slicesOf(metadata.namespace, spec.service?.name ?? '');
  const lasting = slices
    .flatMap(({ endpoints }) => endpoints)
    .filter(({ conditions }) => conditions.terminating !== true);
  const ready = lasting.filter(({ conditions }) => conditions.ready ?? true).length;
  if (ready === 0) return 'Unavailable';
  return ready === lasting.length ? 'Healthy' : 'Degraded';
}

function statusOf(backend: Backend, usable: boolean, health: Health, problems: ObjectStatus['problems']): ObjectStatus {
  const { generation } = backend.metadata;
  const conditions = new Conditions(generation);
  const message = summarise(problems.map((problem) => `${problem.path}: ${problem.message}`));
  const [first] = problems;
  const unresolved = [
    'BackendNotFound',
    'InvalidKind',
    'InvalidCACertificateRef',
    'InvalidClientCertificateRef',
  ].includes(first?.reason ?? '');
  return {
    ref: refOf(backend),
    generation,
    status: {
      observedGeneration: generation,
      conditions: [
        usable || first === undefined
          ? conditions.yes('Accepted', message === '' ? 'the Backend is valid' : message)
          : conditions.no('Accepted', first.reason, message),
        unresolved && first !== undefined
          ? conditions.no('ResolvedRefs', first.reason, message)
          : conditions.yes('ResolvedRefs', 'every reference is resolved'),
      ],
      health,
      summary: { accepted: usable ? 'True' : 'False', address: addressOf(backend), type: backend.spec.type },
    },
    problems,
  };
}

function addressOf({ spec }: Backend): string {
  switch (spec.type) {
    case 'ExternalHostname':
      return `${spec.externalHostname?.hostname}:${spec.port?.port}`;
    case 'Service':
      return `${spec.service?.name}:${spec.port?.port}`;
    case 'UnixSocket':
      return spec.unixSocket?.path ?? '';
    case 'Static': {
      const [first, ...others] = spec.static?.endpoints ?? [];
      const more = others.length === 0 ? '' : ` and ${others.length} more`;
      return `${first?.address}:${first?.port}${more}`;
    }
    default:
      return spec.type satisfies never;
  }
}
