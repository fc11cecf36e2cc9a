/**
 * API keys of `source: Redis`: a record for each key, as `authentication/apikey-record.ts` reads it, with the name of its APIKey; and a set of the
 * ids of each name. What changes is published in the same transaction, so that no gateway goes on with what it knew.
 */
import type { ChainableCommander, Redis } from 'ioredis';
import { OUR_GROUP } from '../../pkg/api/kinds.ts';
import { readKeyRecord, redisNameOf } from '../../pkg/policy/authentication/apikey-record.ts';
import type { APIKeyManifest } from './apikey-edit.ts';
import type { APIKeyStore, Written } from './apikey-store.ts';
import { UsageError } from './command.ts';

/** One record as it was read. */
interface Stored {
  readonly namespace: string;
  readonly id: string;
  readonly text: string;
}

const stored: Written = { kind: 'stored' };
/** ms */
const Patience = 5_000;
const Batch = 1_000;

/**
 * @param address `redis://host:port/database`, or `rediss://`
 * @param act gets a store that is open until it returns
 * @throws UsageError if Redis does not answer, or refuses
 */
export async function withRedis<T>(address: string, act: (redis: Redis) => Promise<T>): Promise<T> {
  const url = URL.parse(address);
  if (url === null || !/^rediss?:$/.test(url.protocol))
    throw new UsageError('--redis: write redis://host:port/database, or rediss:// for TLS');
  const ioredis = await import('ioredis');
  // The password as redis-cli takes it: arguments are seen by everybody on the machine.
  const password = process.env['REDISCLI_AUTH'];
  const redis = new ioredis.Redis(address, {
    ...(url.password === '' && password !== undefined && { password }),
    lazyConnect: true,
    connectTimeout: Patience,
    commandTimeout: Patience,
    retryStrategy: () => null,
  });
  let failure = '';
  redis.on('error', (error: Error) => (failure = error.message));
  try {
    await redis.connect();
    return await act(redis);
  } catch (error) {
    if (error instanceof UsageError) throw error;
    const reason = failure || (Error.isError(error) ? error.message : String(error));
    throw new UsageError(`Redis at ${url.host}: ${reason}`, { cause: error });
  } finally {
    // Of one that never was it would wait for an end that has been.
    if (redis.status !== 'end') redis.disconnect();
  }
}

/** @param everywhere list those of all namespaces */
export function redisStore(redis: Redis, namespace: string, everywhere: boolean): APIKeyStore {
  const recordOf = (id: string): string => `${redisNameOf(namespace)}:${id}`;
  const indexOf = (name: string): string => `suuupra:apikeys:${namespace}:${name}`;
  /** Ids that the object had when it was read. */
  const before = new Map<string, readonly string[]>();

  async function write({ metadata: { name }, spec }: APIKeyManifest): Promise<void> {
    const { keys, ...shared } = spec;
    const gone = (before.get(name) ?? []).filter((id) => keys.every((key) => key.id !== id));
    const transaction: ChainableCommander = redis.multi();
    for (const id of gone) transaction.del(recordOf(id)).srem(indexOf(name), id);
    for (const { id, ...key } of keys)
      transaction.set(recordOf(id), JSON.stringify({ name, ...shared, ...key })).sadd(indexOf(name), id);
    for (const id of [...gone, ...keys.map((key) => key.id)]) transaction.publish(redisNameOf(namespace), id);
    const replies = await transaction.exec();
    if (replies === null) throw new UsageError(`APIKey ${name} was changed by somebody else meanwhile; try again`);
    for (const [error] of replies) if (error !== null) throw error;
  }

  return {
    namespace,
    async get(name) {
      // Both are watched before they are read: whatever changes them until `write` makes that fail.
      await redis.watch(indexOf(name));
      const ids = (await redis.smembers(indexOf(name))).sort();
      if (ids.length === 0) throw new UsageError(`there is no APIKey ${name} in Redis; see gatewayctl apikey list`);
      await redis.watch(...ids.map(recordOf));
      before.set(name, ids);
      const [object] = objectsOf(await read(redis, ids.map(recordOf)));
      if (object === undefined) throw new UsageError(`no key of APIKey ${name} is there any more; create it anew`);
      return object;
    },
    async list() {
      const found: Stored[] = [];
      const names = everywhere ? redisNameOf('*') : redisNameOf(namespace);
      for await (const batch of redis.scanStream({ match: `${names}:*`, count: Batch }))
        found.push(...(await read(redis, batch as string[])));
      return objectsOf(found);
    },
    async create(object) {
      const index = indexOf(object.metadata.name);
      await redis.watch(index);
      if ((await redis.exists(index)) === 1)
        throw new UsageError(
          `there is an APIKey ${namespace}/${object.metadata.name}; rotate its key, or choose another name`,
        );
      await write(object);
      return stored;
    },
    async replace(object) {
      await write(object);
      return stored;
    },
  };
}

async function read(redis: Redis, names: readonly string[]): Promise<Stored[]> {
  const texts = names.length === 0 ? [] : await redis.mget(...names);
  return names.flatMap((name, i) => {
    const [, , namespace = '', id = ''] = name.split(':');
    const text = texts[i];
    return typeof text === 'string' ? [{ namespace, id, text }] : [];
  });
}

/** One for each name; records that others wrote have none, and go by their subject. */
function objectsOf(records: readonly Stored[]): APIKeyManifest[] {
  const objects = records.map(objectOf);
  const byName = Map.groupBy(objects, ({ metadata }) => `${metadata.namespace}/${metadata.name}`);
  const merged = [...byName.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
  return merged.flatMap(([, [first, ...others]]) =>
    first === undefined
      ? []
      : [{ ...first, spec: { ...first.spec, keys: [first, ...others].flatMap(({ spec }) => spec.keys) } }],
  );
}

function objectOf({ namespace, id, text }: Stored): APIKeyManifest {
  const { suspended = false, name, ...record } = recordOf(text);
  // The gateway's own reader judges it, which takes what is suspended for nothing.
  const owner = readKeyRecord(id, JSON.stringify(record));
  const base = { apiVersion: `${OUR_GROUP}/v1alpha1`, kind: 'APIKey' };
  if (owner === null)
    return {
      ...base,
      metadata: { name: '(not readable)', namespace },
      spec: { subject: '', suspended: true, keys: [{ id, hash: '' }] },
    };
  const { hash, notBefore, expires, ...shared } = record as unknown as Omit<APIKeyManifest['spec'], 'keys'> &
    Omit<APIKeyManifest['spec']['keys'][number], 'id'>;
  const key = { id, hash, ...(notBefore !== undefined && { notBefore }), ...(expires !== undefined && { expires }) };
  return {
    ...base,
    metadata: { name: typeof name === 'string' ? name : owner.subject, namespace },
    spec: { ...shared, ...(suspended !== false && { suspended: true }), keys: [key] },
  };
}

function recordOf(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Readonly<Record<string, unknown>>) : {};
  } catch {
    return {};
  }
}
