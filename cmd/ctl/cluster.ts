/** The objects of a cluster, read once, through the source that the gateway follows them with. Used by load.ts and support-bundle.ts. */
import { KINDS, type Kind } from '../../pkg/api/kinds.ts';
import { validateObject } from '../../pkg/api/validate.ts';
import { version } from '../../pkg/config/version.ts';
import { type KubeApi, KubeError } from '../../pkg/kube/api.ts';
import { createKubeApi } from '../../pkg/kube/client.ts';
import { loadCredentials } from '../../pkg/kube/credentials.ts';
import { KubeSource } from '../../pkg/source/kube.ts';
import { ObservingSource } from '../../pkg/source/observe.ts';
import type { SourceProblem } from '../../pkg/source/source.ts';
import { systemClock } from '../../pkg/store/clock.ts';
import type { Snapshot } from '../../pkg/store/snapshot.ts';
import { createStore } from '../../pkg/store/store.ts';
import { ControllerName, IngressControllerName } from '../../pkg/translate/names.ts';
import { UsageError } from './command.ts';
import type { Place } from './place.ts';

export interface Cluster {
  readonly api: KubeApi;
  readonly server: string;
  /** Of the context. */
  readonly namespace: string;
}

/** @throws UsageError if the kubeconfig names no cluster */
export function openCluster({ kubeconfig, context }: Pick<Place, 'kubeconfig' | 'context'>): Cluster {
  try {
    const credentials = loadCredentials({ kubeconfig, context });
    // What client-node falls back to where there is neither a kubeconfig nor a pod.
    if (credentials.server === 'http://localhost:8080') throw new Error('there is no kubeconfig');
    const api = createKubeApi({ credentials, userAgent: `gatewayctl/${version}` });
    return { api, server: credentials.server, namespace: credentials.namespace };
  } catch (error) {
    const why = Error.isError(error) ? error.message : String(error);
    throw new UsageError(`no cluster to ask: ${why}; name a DIR, or a cluster with --kubeconfig and --context`);
  }
}

export interface ClusterObjects {
  readonly snapshot: Snapshot;
  readonly problems: readonly SourceProblem[];
}

/**
 * @param observe classes of other controllers to take for ours
 * @throws UsageError if the API server does not answer
 */
export async function readCluster({ api, server }: Cluster, observe: readonly string[]): Promise<ClusterObjects> {
  const store = createStore();
  const problems: SourceProblem[] = [];
  const failed = Promise.withResolvers<never>();
  const objects = new KubeSource({
    api,
    validate: validateObject,
    namespaces: [],
    clock: systemClock,
    random: Math.random,
    kinds: Object.keys(KINDS) as Kind[],
    // The gateway tries again for ever; whoever sits at a terminal wants to know.
    onFailure: (what, error) => failed.reject(unreachable(server, what, error)),
  });
  const names = { controllerName: ControllerName, ingressControllerName: IngressControllerName };
  const source = observe.length === 0 ? objects : new ObservingSource(objects, { ...names, classes: observe });
  try {
    const started = source.start({
      apply: (changes) => void store.apply(changes),
      problems: (now) => void problems.splice(0, Infinity, ...now),
    });
    await Promise.race([started, failed.promise]);
    return { snapshot: store.snapshot(), problems: [...problems] };
  } finally {
    failed.promise.catch(() => undefined);
    await source.close();
  }
}

function unreachable(server: string, what: string, error: KubeError): UsageError {
  return new UsageError(`cannot read ${what} from ${server}: ${error.message}`);
}
