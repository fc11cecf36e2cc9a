/** An API key as Redis holds it: JSON with the fields of an APIKey object and one key. */
import type { KeyOwner } from './apikey-schema.ts';

const Hash = /^sha256:([0-9a-f]{64})$/;
const Time = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/;
const Name = /^[!-~](?:[ -~]*[!-~])?$/;
const MaxSubject = 253;

/** Under it and its id stands a key, and it is the channel of changes. The namespace is part of it: one Redis serves all, and no policy takes another tenant's keys. */
export function redisNameOf(namespace: string): string {
  return `suuupra:apikey:${namespace}`;
}

/** @returns null for what is suspended, or no such record: what cannot be understood lets nobody in */
export function readKeyRecord(id: string, text: string): KeyOwner | null {
  const record = parse(text);
  if (record === null) return null;
  const { subject, scopes = [], metadata = {}, suspended = false, hash, notBefore, expires } = record;
  const digest = typeof hash === 'string' ? Hash.exec(hash)?.[1] : undefined;
  const begins = timeOf(notBefore);
  const ends = timeOf(expires);
  if (digest === undefined || begins === null || ends === null || suspended !== false) return null;
  if (typeof subject !== 'string' || subject.length > MaxSubject || !Name.test(subject)) return null;
  if (!isTexts(scopes) || !isRecord(metadata) || !isTexts(Object.values(metadata))) return null;
  return {
    subject,
    scopes,
    metadata: metadata as Readonly<Record<string, string>>,
    keys: [{ id, hash: digest, notBefore: begins, expires: ends }],
  };
}

function parse(text: string): Readonly<Record<string, unknown>> | null {
  try {
    const value: unknown = JSON.parse(text);
    return isRecord(value) ? value : null;
  } catch {
    return null;
  }
}

/** ms since the epoch; 0 if it is absent. */
function timeOf(value: unknown): number | null {
  if (value === undefined) return 0;
  const time = typeof value === 'string' && Time.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(time) ? null : time;
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((each) => typeof each === 'string');
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
