/** What `gatewayctl apikey` does to an APIKey: objects in, objects out. Knows neither a cluster nor a terminal. */
import type { APIKeySpec } from '../../pkg/api/apikey.ts';
import { parseDuration } from '../../pkg/api/duration.ts';
import { OUR_GROUP } from '../../pkg/api/kinds.ts';
import { validateObject } from '../../pkg/api/validate.ts';
import { createKey, hashOfKey } from '../../pkg/policy/authentication/apikey-format.ts';
import { UsageError } from './command.ts';

/** As the API server has it, or as a file will. */
export interface APIKeyManifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: Readonly<Record<string, unknown>> & { readonly name: string; readonly namespace?: string };
  /** As it is written: what has a default may be missing. */
  readonly spec: Omit<APIKeySpec, 'suspended'> & { readonly suspended?: boolean };
}

export interface Minting {
  readonly prefix: string;
  readonly random: (size: number) => Uint8Array;
  /** RFC 3339; undefined: never. */
  readonly expires: string | undefined;
}

/** An object, and the key that was made for it: the only time it is known. */
export interface Minted {
  readonly object: APIKeyManifest;
  readonly key: string;
  readonly id: string;
}

const MAX_KEYS = 4;

export function newAPIKey(
  name: string,
  namespace: string,
  facts: Omit<APIKeySpec, 'keys' | 'suspended'> & { readonly labels: Readonly<Record<string, string>> },
  minting: Minting,
): Minted {
  const { labels, ...spec } = facts;
  const metadata = { name, namespace, ...(Object.keys(labels).length > 0 && { labels }) };
  const object = { apiVersion: `${OUR_GROUP}/v1alpha1`, kind: 'APIKey', metadata, spec: { ...spec, keys: [] } };
  return withNewKey(object, minting, { now: 0, endOthers: undefined });
}

/**
 * Adds a key; those that have expired make room for it.
 * @param times `endOthers`: when the keys before it end, unless they end sooner; undefined leaves them
 */
export function withNewKey(
  object: APIKeyManifest,
  minting: Minting,
  times: { readonly now: number; readonly endOthers: string | undefined },
): Minted {
  const { random, prefix, expires } = minting;
  const id = `k${Buffer.from(random(5)).toString('hex')}`;
  const key = createKey({ prefix, id, random });
  const others = object.spec.keys
    .filter((other) => other.expires === undefined || Date.parse(other.expires) > times.now)
    .map((other) => endedBy(other, times.endOthers));
  if (others.length >= MAX_KEYS)
    throw new UsageError(`APIKey ${object.metadata.name} has ${MAX_KEYS} keys; revoke one with --key first`);
  const entry = { id, hash: hashOfKey(key), ...(expires !== undefined && { expires }) };
  return { object: checked({ ...object, spec: { ...object.spec, keys: [...others, entry] } }), key, id };
}

/** The last key of an object cannot go: then the object is suspended, which refuses it as well. */
export function withoutKey(object: APIKeyManifest, id: string): APIKeyManifest {
  const keys = object.spec.keys.filter((key) => key.id !== id);
  if (keys.length === object.spec.keys.length) {
    const known = object.spec.keys.map((key) => key.id).join(', ');
    throw new UsageError(`APIKey ${object.metadata.name} has no key ${id}; it has ${known}`);
  }
  return keys.length === 0 ? suspended(object) : checked({ ...object, spec: { ...object.spec, keys } });
}

export function suspended(object: APIKeyManifest): APIKeyManifest {
  return checked({ ...object, spec: { ...object.spec, suspended: true } });
}

/**
 * A moment: a time, or how long from now.
 * @param text `2027-02-01T00:00:00Z`, `2027-02-01`, `90d`, `12h`
 */
export function momentOf(text: string, now: number): string {
  const days = /^(\d{1,4})d$/.exec(text)?.[1];
  const span = days === undefined ? parseDuration(text) : Number(days) * 86_400_000;
  const time = span === undefined ? dateOf(text) : now + span;
  if (time === undefined) throw new UsageError(`"${text}" is no time; write 90d, 12h, or 2027-02-01T00:00:00Z`);
  return `${new Date(time).toISOString().slice(0, 19)}Z`;
}

/** Date.parse takes the 31st of February for some day of March. */
function dateOf(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d(?:T\d\d:\d\d:\d\dZ)?$/.test(text)) return undefined;
  const time = Date.parse(text);
  return Number.isNaN(time) || !new Date(time).toISOString().startsWith(text.slice(0, 10)) ? undefined : time;
}

type Key = APIKeySpec['keys'][number];

function endedBy(key: Key, end: string | undefined): Key {
  return end === undefined || (key.expires !== undefined && key.expires <= end) ? key : { ...key, expires: end };
}

/** Nothing is written that the gateway would not read. */
function checked(object: APIKeyManifest): APIKeyManifest {
  const result = validateObject(object);
  if ('object' in result) return object;
  const problems = 'problems' in result ? result.problems : [];
  throw new UsageError(problems.map(({ path, message, hint }) => `${path} ${message}; ${hint}`).join('\n'));
}
