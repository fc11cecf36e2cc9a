/** Certificates and client CAs → the terms that handshakes take. Cached by content: a rotation makes one context, and open connections keep theirs. */
import { createHash } from 'node:crypto';
import { createSecureContext, type SecureContext } from 'node:tls';
import type { Certificate } from '../ir/ir.ts';
import type { Listener } from '../ir/listener.ts';

// Forward secrecy and authenticated encryption only (RFC 9325 4.2); TLS 1.3's own suites are all of that kind. AES-128 first, as Envoy has it: no
// attack tells it from AES-256, and SHA-384 for the key schedule alone is 6 % of a handshake.
const suites13 = ['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'];
const ciphers = [
  ...suites13,
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
].join(':');

/** What a handshake of one listener is made with. */
export interface HandshakeTerms {
  readonly context: SecureContext;
  /** What is asked of the client: nothing, a certificate, or one that the listener's authorities vouch for. */
  readonly client: 'None' | 'Ask' | 'Demand';
}

export interface SecureContexts {
  /** The terms of a listener; null if it has no usable certificate or client CA, so that its handshakes fail. */
  termsOf(listener: Listener): HandshakeTerms | null;
  /** Takes a new set. Contexts of unchanged certificates and CAs stay. */
  update(certificates: Readonly<Record<string, Certificate>>, authorities: Readonly<Record<string, string>>): void;
  /** 48 bytes; sessions sealed with the ones before are resumed by a full handshake. */
  setTicketKeys(keys: Buffer): void;
}

interface Entry {
  readonly hash: string;
  readonly terms: HandshakeTerms | null;
}

/** @param fault told of key material that OpenSSL refuses: translate should have found it */
export function createSecureContexts(
  ticketKeys: Buffer,
  fault: (where: string, error: unknown) => void,
): SecureContexts {
  let certificates: Readonly<Record<string, Certificate>> = {};
  let authorities: Readonly<Record<string, string>> = {};
  let keys = ticketKeys;
  const entries = new Map<string, Entry>();
  /** The same by listener, for as long as nothing changes: no handshake hashes key material. */
  let known = new WeakMap<Listener, HandshakeTerms | null>();

  function create(
    listener: Listener,
    pairs: readonly Certificate[],
    bundles: readonly string[],
    sessions: string,
  ): HandshakeTerms | null {
    const client = listener.tls?.client;
    // A listener that is to check clients and has nothing to check them with lets nobody in.
    if (pairs.length === 0 || (client !== undefined && bundles.length === 0)) return null;
    try {
      const context = createSecureContext({
        // One of each key type may stand side by side; the handshake takes what the client can verify.
        cert: pairs.map(({ certificate }) => certificate),
        key: pairs.map(({ key }) => key),
        minVersion: listener.tls?.minVersion ?? 'TLSv1.2',
        ciphers: listener.tls?.ciphers === undefined ? ciphers : [...suites13, ...listener.tls.ciphers].join(':'),
        honorCipherOrder: true,
        // A session of one policy must not be resumed under another.
        sessionIdContext: sessions,
        ticketKeys: keys,
        ...(client === undefined ? {} : { ca: [...bundles] }),
      });
      return { context, client: client?.mode ?? 'None' };
    } catch (error) {
      fault(`certificates of listener ${listener.gateway}/${listener.name}`, error);
      return null;
    }
  }

  function find(listener: Listener): HandshakeTerms | null {
    const { certificates: ids = [], minVersion, ciphers, client } = listener.tls ?? {};
    const pairs = ids.flatMap((id) => certificates[id] ?? []);
    const bundles = client?.authorities.flatMap((id) => authorities[id] ?? []) ?? [];
    const policy = digest([ids, minVersion, ciphers, client]);
    const hash = digest([pairs, bundles]);
    const cached = entries.get(policy);
    if (cached !== undefined && cached.hash === hash) return cached.terms;
    // A resumed session is not verified again: one that an authority vouched for ends with that authority.
    const sessions = client === undefined ? policy : digest([policy, bundles]);
    const terms = create(listener, pairs, bundles, sessions.slice(0, 32));
    // Broken key material replaces nothing that works. A client CA is a protection: what it no longer says must not hold on.
    if (terms === null && pairs.length > 0 && client === undefined && cached !== undefined) return cached.terms;
    entries.set(policy, { hash, terms });
    return terms;
  }

  return {
    termsOf(listener) {
      let terms = known.get(listener);
      if (terms === undefined) known.set(listener, (terms = find(listener)));
      return terms;
    },
    update(next, nextAuthorities) {
      certificates = next;
      authorities = nextAuthorities;
      known = new WeakMap();
    },
    setTicketKeys(next) {
      keys = next;
      entries.clear();
      known = new WeakMap();
    },
  };
}

function digest(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('hex');
}
