/** Certificates → the contexts that handshakes take. Cached by content: a rotation makes one context, and open connections keep theirs. */
import { createHash } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Certificate } from '../ir/ir.ts';
import type { Listener } from '../ir/listener.ts';

// Forward secrecy and authenticated encryption only (RFC 9325 4.2); TLS 1.3's own suites are all of that kind. AES-128 first, as Envoy has it: no
// attack tells it from AES-256, and SHA-384 for the key schedule alone is 6 % of a handshake.
const ciphers = [
  'TLS_AES_128_GCM_SHA256',
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

export interface SecureContexts {
  /** The context of a listener; null if it has no usable certificate, so that its handshakes fail. */
  contextOf(listener: Listener): SecureContext | null;
  /** Takes a new set. Contexts of unchanged certificates stay. */
  update(certificates: Readonly<Record<string, Certificate>>): void;
  /** 48 bytes; sessions sealed with the ones before are resumed by a full handshake. */
  setTicketKeys(keys: Buffer): void;
}

interface Entry {
  readonly hash: string;
  readonly context: SecureContext | null;
}

/** @param fault told of key material that OpenSSL refuses: translate should have found it */
export function createSecureContexts(
  ticketKeys: Buffer,
  fault: (where: string, error: unknown) => void,
): SecureContexts {
  let certificates: Readonly<Record<string, Certificate>> = {};
  let keys = ticketKeys;
  const entries = new Map<string, Entry>();
  /** The same by listener, for as long as nothing changes: no handshake hashes key material. */
  let known = new WeakMap<Listener, SecureContext | null>();

  function create(listener: Listener, pairs: readonly Certificate[], policy: string): SecureContext | null {
    if (pairs.length === 0) return null;
    try {
      return createSecureContext({
        // One of each key type may stand side by side; the handshake takes what the client can verify.
        cert: pairs.map(({ certificate }) => certificate),
        key: pairs.map(({ key }) => key),
        minVersion: listener.tls?.minVersion ?? 'TLSv1.2',
        ciphers,
        honorCipherOrder: true,
        // A session of one policy must not be resumed under another.
        sessionIdContext: policy,
        ticketKeys: keys,
      });
    } catch (error) {
      fault(`certificates of listener ${listener.gateway}/${listener.name}`, error);
      return null;
    }
  }

  function find(listener: Listener): SecureContext | null {
    const ids = listener.tls?.certificates ?? [];
    const pairs = ids.flatMap((id) => certificates[id] ?? []);
    const policy = createHash('sha256')
      .update(JSON.stringify([ids, listener.tls?.minVersion]))
      .digest('hex')
      .slice(0, 32);
    const hash = createHash('sha256').update(JSON.stringify(pairs)).digest('hex');
    const cached = entries.get(policy);
    if (cached !== undefined && cached.hash === hash) return cached.context;
    const context = create(listener, pairs, policy);
    // Broken material replaces nothing that works.
    if (context === null && pairs.length > 0 && cached !== undefined) return cached.context;
    entries.set(policy, { hash, context });
    return context;
  }

  return {
    contextOf(listener) {
      let context = known.get(listener);
      if (context === undefined) known.set(listener, (context = find(listener)));
      return context;
    },
    update(next) {
      certificates = next;
      known = new WeakMap();
    },
    setTicketKeys(next) {
      keys = next;
      entries.clear();
      known = new WeakMap();
    },
  };
}
