/** Control-plane half of signed URLs: every key must be there and of its kind, or the whole policy fails closed. */
import { parseDuration } from '../../api/duration.ts';
import type { Problem } from '../../status/problem.ts';
import type { PolicyContext } from '../context.ts';
import { keyName } from '../key-name.ts';
import { isProblems, type Translated, unsupported } from '../translated.ts';
import { ed25519PublicKey, MinSecretLength, secretOf } from './key.ts';
import type { SignedURLsConfig, SignedURLsSpec, SigningKeyConfig, SigningKeySpec } from './schema.ts';

/** @param path where `spec` stands in its object, for messages */
export function translateSignedURLs(
  spec: SignedURLsSpec,
  path: string,
  context: PolicyContext,
): Translated<SignedURLsConfig> {
  const problems: Problem[] = [];
  const keys: SigningKeyConfig[] = [];
  const seen = new Set<string>();
  for (const [i, key] of spec.keys.entries()) {
    const at = `${path}.keys[${i}]`;
    if (seen.has(key.id))
      problems.push(unsupported(`${at}.id`, `"${key.id}" is the id of another key; give each its own`));
    seen.add(key.id);
    const translated = translateKey(key, at, context);
    if (isProblems(translated)) problems.push(...translated);
    else keys.push(translated);
  }
  const maxLifetime = seconds(spec.maxLifetime, 604_800);
  if (maxLifetime === 0) problems.push(unsupported(`${path}.maxLifetime`, 'lets no URL in; write 1s or more'));
  if (problems.length > 0) return problems;
  return { keys, clockSkew: seconds(spec.clockSkew, 30), maxLifetime, requireClientIP: spec.requireClientIP };
}

function translateKey(spec: SigningKeySpec, path: string, context: PolicyContext): Translated<SigningKeyConfig> {
  const wrong = memberProblems(spec, path);
  if (wrong.length > 0) return wrong;
  const { id, algorithm, secretRef, publicKeyRef } = spec;
  return algorithm === 'HMACSHA256' && secretRef !== undefined
    ? hmacConfig(id, secretRef, `${path}.secretRef`, context)
    : ed25519Config(id, publicKeyRef!, `${path}.publicKeyRef`, context);
}

function hmacConfig(
  id: string,
  ref: NonNullable<SigningKeySpec['secretRef']>,
  path: string,
  context: PolicyContext,
): Translated<SigningKeyConfig> {
  const found = context.secret(ref, path);
  if (found.problem !== undefined) return [found.problem];
  const secret = secretOf(found.value);
  const fix = 'write text, such as the output of openssl rand -base64 48';
  // Bytes that are no text were lost when the Secret was read: every such key would be much the same.
  if (secret.includes('�')) return [unsupported(path, `${keyName('Secret', ref, context)} is no text; ${fix}`)];
  if (secret.length < MinSecretLength)
    return [
      unsupported(path, `${keyName('Secret', ref, context)} is shorter than ${MinSecretLength} characters; ${fix}`),
    ];
  return { id, algorithm: 'HMACSHA256', secret: found.id };
}

function ed25519Config(
  id: string,
  ref: NonNullable<SigningKeySpec['publicKeyRef']>,
  path: string,
  context: PolicyContext,
): Translated<SigningKeyConfig> {
  const found = ref.kind === 'Secret' ? context.secret(ref, path) : context.configMap(ref, path);
  if (found.problem !== undefined) return [found.problem];
  try {
    ed25519PublicKey(found.value);
  } catch (error) {
    const why = Error.isError(error) && error.message.startsWith('it is') ? `: ${error.message}` : '';
    return [
      unsupported(
        path,
        `${keyName(ref.kind, ref, context)} is no public key of Ed25519${why}; write the output of openssl pkey -pubout`,
      ),
    ];
  }
  return { id, algorithm: 'Ed25519', publicKey: found.value };
}

function memberProblems(spec: SigningKeySpec, path: string): readonly Problem[] {
  const members = { HMACSHA256: 'secretRef', Ed25519: 'publicKeyRef' } as const;
  return Object.entries(members).flatMap(([algorithm, member]) => {
    const wanted = algorithm === spec.algorithm;
    if ((spec[member] !== undefined) === wanted) return [];
    const fix = wanted
      ? `is missing; add it, or correct algorithm (${spec.algorithm})`
      : `is not read with algorithm ${spec.algorithm}; remove it`;
    return [unsupported(`${path}.${member}`, fix)];
  });
}

function seconds(text: string | undefined, otherwise: number): number {
  const ms = text === undefined ? undefined : parseDuration(text);
  return ms === undefined ? otherwise : Math.floor(ms / 1000);
}
