/** Where `gatewayctl apikey` reads and writes: a cluster, Redis (`apikey-redis.ts`), or manifests, which it prints changed and never writes itself. */
import { stringify } from 'yaml';
import { KINDS, OUR_GROUP } from '../../pkg/api/kinds.ts';
import type { KubeApi } from '../../pkg/kube/api.ts';
import type { Snapshot } from '../../pkg/store/snapshot.ts';
import type { APIKeyManifest } from './apikey-edit.ts';
import { UsageError } from './command.ts';

export interface APIKeyStore {
  readonly namespace: string;
  /** @throws UsageError if there is none */
  get(name: string): Promise<APIKeyManifest>;
  list(): Promise<readonly APIKeyManifest[]>;
  create(object: APIKeyManifest): Promise<Written>;
  replace(object: APIKeyManifest): Promise<Written>;
}

/** `manifest`: to be printed, since nobody else has it. */
export type Written = { readonly kind: 'stored' } | { readonly kind: 'manifest'; readonly text: string };

/** @param everywhere list those of all namespaces */
export function clusterStore(api: KubeApi, namespace: string, everywhere: boolean): APIKeyStore {
  const { plural, versions } = KINDS.APIKey;
  const group = `/apis/${OUR_GROUP}/${versions[0]}`;
  const collection = `${group}/namespaces/${namespace}/${plural}`;
  const send = async (method: 'GET' | 'POST' | 'PUT', path: string, body?: unknown): Promise<unknown> => {
    try {
      return await api.send({ method, path, ...(body !== undefined && { body }) });
    } catch (error) {
      throw new UsageError(Error.isError(error) ? error.message : String(error), { cause: error });
    }
  };
  return {
    namespace,
    get: async (name) => (await send('GET', `${collection}/${name}`)) as APIKeyManifest,
    async list() {
      const { items } = (await send('GET', everywhere ? `${group}/${plural}` : collection)) as {
        readonly items: readonly APIKeyManifest[];
      };
      return items;
    },
    async create(object) {
      await send('POST', collection, object);
      return { kind: 'stored' };
    },
    // With the resourceVersion that was read: a change by somebody else in between is a Conflict, and not lost.
    async replace(object) {
      await send('PUT', `${collection}/${object.metadata.name}`, object);
      return { kind: 'stored' };
    },
  };
}

/** @param namespace null: all, and `default` for what is made */
export function manifestStore(snapshot: Snapshot, namespace: string | null): APIKeyStore {
  const list = snapshot
    .list('APIKey')
    .filter(({ metadata }) => namespace === null || metadata.namespace === namespace)
    .map(({ apiVersion, kind, metadata, spec }): APIKeyManifest => {
      const { name, namespace: place, labels, annotations } = metadata;
      const some = (name: string, value: object) => (Object.keys(value).length > 0 ? { [name]: value } : {});
      return {
        apiVersion,
        kind,
        metadata: { name, namespace: place, ...some('labels', labels), ...some('annotations', annotations) },
        spec,
      };
    });
  const where = namespace ?? 'default';
  const print = (object: APIKeyManifest): Written => ({
    kind: 'manifest',
    text: stringify(object, { version: '1.1', lineWidth: 0 }),
  });
  return {
    namespace: where,
    async get(name) {
      const [found, another] = list.filter(({ metadata }) => metadata.name === name);
      if (found === undefined) throw new UsageError(`there is no APIKey ${name}; see gatewayctl apikey list`);
      if (another !== undefined) throw new UsageError(`there is more than one APIKey ${name}; say which with -n`);
      return found;
    },
    list: async () => list,
    async create(object) {
      if (list.some(({ metadata }) => metadata.name === object.metadata.name && metadata.namespace === where))
        throw new UsageError(
          `there is an APIKey ${where}/${object.metadata.name}; rotate its key, or choose another name`,
        );
      return print(object);
    },
    replace: async (object) => print(object),
  };
}
