/** Claims as header fields for the backend, and the removal of what a client sends under their names. */
import { Buffer } from 'node:buffer';
import { claimOf, isPlain } from './claim.ts';

export interface ClaimHeader {
  readonly header: string;
  readonly claim: string;
}

type Claims = Readonly<Record<string, unknown>>;
type Field = readonly [name: string, value: string];

// eslint-disable-next-line no-control-regex
const control = /[\x00-\x1f\x7f]/;

/** @returns null if a value holds control characters: then it cannot be said who is asking, and nobody should guess */
export function claimFields(headers: readonly ClaimHeader[], claims: Claims): readonly Field[] | null {
  const fields: Field[] = [];
  for (const { header, claim } of headers) {
    const text = textOf(claimOf(claims, claim));
    if (text === null) continue;
    if (control.test(text)) return null;
    // Header strings hold one byte per character: text beyond ASCII goes as its UTF-8 bytes.
    fields.push([header, Buffer.from(text, 'utf8').toString('latin1')]);
  }
  return fields;
}

function textOf(value: unknown): string | null {
  if (value === undefined || value === null) return null;
  if (isPlain(value)) return String(value);
  // A comma inside of a value would make two of it: roles ["reader,admin"] must not read as admin.
  if (Array.isArray(value) && value.every((one) => isPlain(one) && !String(one).includes(','))) return value.join(',');
  return Buffer.from(JSON.stringify(value), 'utf8').toString('base64url');
}
