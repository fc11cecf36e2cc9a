/** Encrypts what a browser keeps for the gateway: AES-256-GCM, so that it can neither be read nor changed. */
import { Buffer } from 'node:buffer';
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hash,
  hkdfSync,
  type KeyObject,
  randomBytes,
} from 'node:crypto';

interface SealingKey {
  /** Says which key it was, so that each text is decrypted once. */
  readonly id: string;
  readonly key: KeyObject;
}

const IV = 12;
const TAG = 16;

export class Sealer {
  readonly #keys: readonly [SealingKey, ...SealingKey[]];

  /** @param secrets at least 32 random bytes each, in any spelling; the first encrypts, all decrypt */
  constructor(secrets: readonly string[]) {
    const [first, ...others] = secrets.map(sealingKey);
    if (first === undefined) throw new Error('no key to encrypt with');
    this.#keys = [first, ...others];
  }

  /** @param purpose what it is for, and whose: a text does not open for anything else */
  seal(purpose: string, plain: string): string {
    const [{ id, key }] = this.#keys;
    const iv = randomBytes(IV);
    const cipher = createCipheriv('aes-256-gcm', key, iv).setAAD(Buffer.from(purpose));
    const parts = [iv, cipher.update(plain, 'utf8'), cipher.final(), cipher.getAuthTag()];
    return `${id}.${Buffer.concat(parts).toString('base64url')}`;
  }

  /** null: it is not ours, not for this purpose, or of a key that is not used any more. */
  open(purpose: string, sealed: string): string | null {
    const [id, text = ''] = sealed.split('.', 2);
    const key = this.#keys.find((candidate) => candidate.id === id);
    const bytes = Buffer.from(text, 'base64url');
    if (key === undefined || bytes.length < IV + TAG) return null;
    const decipher = createDecipheriv('aes-256-gcm', key.key, bytes.subarray(0, IV), { authTagLength: TAG });
    decipher.setAAD(Buffer.from(purpose)).setAuthTag(bytes.subarray(-TAG));
    try {
      return decipher.update(bytes.subarray(IV, -TAG), undefined, 'utf8') + decipher.final('utf8');
    } catch {
      return null;
    }
  }
}

function sealingKey(secret: string): SealingKey {
  const bytes = Buffer.from(hkdfSync('sha256', secret, '', 'suuupra-gateway cookie 1', 32));
  return { id: hash('sha256', bytes, 'base64url').slice(0, 6), key: createSecretKey(bytes) };
}
