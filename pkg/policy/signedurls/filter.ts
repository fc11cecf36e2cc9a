/** Data-plane half of signed URLs: cheap checks first, then the signature; one answer for everything that is wrong. */
import { hash } from 'node:crypto';
import { createAddress, readAddress } from '../ip-address.ts';
import { isInRange, parseNetwork } from '../ip-set.ts';
import { Recent } from '../recent.ts';
import type { FilterEnv, RequestView, RuntimeFilter } from '../runtime.ts';
import { type Grant, isBelow, readSignedQuery, stringToSign } from './canonical.ts';
import { ed25519PublicKey, hmacKey, type VerifyingKey } from './key.ts';
import type { SignedURLsConfig, SigningKeyConfig } from './schema.ts';

/** A worker's, for one configuration; an entry takes about 1 KB. Only good signatures get in. */
const Remembered = 4_096;

interface Verified {
  readonly grant: Grant;
  /** What the backend gets. */
  readonly rest: string;
  /** The one that was signed; `''` where the signature is for all below the grant's prefix. */
  readonly path: string;
}

/** Throws if a key cannot be used: the rule then fails closed. */
export function createSignedURLs(config: SignedURLsConfig, env: FilterEnv): RuntimeFilter {
  const keys = new Map(config.keys.map((key) => [key.id, createKey(key, env)]));
  const address = createAddress();
  /** By SHA-256 of host and query: a page is loaded by many requests with one signature, and a dump of the heap holds no credentials. */
  const verified = new Recent<Verified>(Remembered);

  const isNow = ({ expires, notBefore }: Grant): boolean => {
    const now = env.wallClock() / 1000;
    const end = secondsOf(expires);
    const begin = notBefore === '' ? 0 : secondsOf(notBefore);
    return (
      end !== null &&
      begin !== null &&
      now < end + config.clockSkew &&
      now >= begin - config.clockSkew &&
      end - now <= config.maxLifetime + config.clockSkew
    );
  };

  const isFrom = ({ ip }: Grant, clientAddress: string): boolean => {
    if (ip === '') return !config.requireClientIP;
    const range = parseNetwork(ip);
    return range !== null && readAddress(clientAddress, address) && isInRange(range, address);
  };

  /** Whether what the grant says of requests is true of this one. */
  const fits = (grant: Grant, request: RequestView): boolean =>
    isNow(grant) &&
    isForMethod(grant, request.method) &&
    isFrom(grant, request.clientAddress) &&
    (grant.prefix === '' || isBelow(request.forwardPath, grant.prefix));

  /** @returns the query that the backend gets, or null if the URL is not good for this request */
  const check = (request: RequestView): string | null => {
    const { host, query, forwardPath: path } = request;
    const id = hash('sha256', `${host}\n${query}`, 'base64');
    const known = verified.get(id);
    // The signature is for this very host and query, and for the path unless it is for a prefix: all else is asked each time.
    if (known !== undefined && (known.path === path || known.path === ''))
      return fits(known.grant, request) ? known.rest : null;
    const signed = readSignedQuery(query);
    if (signed === null) return null;
    const { grant, signature, canonical, rest } = signed;
    const key = keys.get(grant.keyId);
    if (key === undefined || !fits(grant, request)) return null;
    const text = stringToSign({ algorithm: key.algorithm, host, path, query: canonical, grant });
    if (!key.verifies(text, signature)) return null;
    const forwarded = rest === '' ? '' : `?${rest}`;
    verified.set(id, { grant, rest: forwarded, path: grant.prefix === '' ? path : '' });
    return forwarded;
  };

  return {
    onRequest: (exchange) => {
      const rest = check(exchange.request);
      if (rest === null) exchange.deny('signature-invalid');
      // The backend gets no signature: it could be used again from its logs.
      else exchange.request.setForwardQuery(rest);
    },
  };
}

function createKey(key: SigningKeyConfig, env: FilterEnv): VerifyingKey {
  return key.algorithm === 'HMACSHA256' ? hmacKey(env.secret(key.secret)) : ed25519PublicKey(key.publicKey);
}

/** What may be downloaded may be asked about. Anything that changes something has to be signed for. */
function isForMethod({ method }: Grant, asked: string): boolean {
  if (method === '' || method === 'GET') return asked === 'GET' || asked === 'HEAD';
  return method === asked;
}

function secondsOf(text: string): number | null {
  return /^[1-9]\d{0,11}$/.test(text) ? Number(text) : null;
}
