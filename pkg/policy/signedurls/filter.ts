/** Data-plane half of signed URLs: cheap checks first, then the signature; one answer for everything that is wrong. */
import { createAddress, readAddress } from '../ip-address.ts';
import { isInRange, parseNetwork } from '../ip-set.ts';
import type { FilterEnv, RequestView, RuntimeFilter } from '../runtime.ts';
import { type Grant, isBelow, readSignedQuery, stringToSign } from './canonical.ts';
import { ed25519PublicKey, hmacKey, type VerifyingKey } from './key.ts';
import type { SignedURLsConfig, SigningKeyConfig } from './schema.ts';

/** Throws if a key cannot be used: the rule then fails closed. */
export function createSignedURLs(config: SignedURLsConfig, env: FilterEnv): RuntimeFilter {
  const keys = new Map(config.keys.map((key) => [key.id, createKey(key, env)]));
  const address = createAddress();

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

  /** @returns the query that the backend gets, or null if the URL is not good for this request */
  const check = (request: RequestView): string | null => {
    const signed = readSignedQuery(request.query);
    if (signed === null) return null;
    const { grant, signature, canonical, rest } = signed;
    const key = keys.get(grant.keyId);
    const path = request.forwardPath;
    const fits =
      key !== undefined &&
      isNow(grant) &&
      isForMethod(grant, request.method) &&
      isFrom(grant, request.clientAddress) &&
      (grant.prefix === '' || isBelow(path, grant.prefix));
    if (!fits) return null;
    const text = stringToSign({ algorithm: key.algorithm, host: request.host, path, query: canonical, grant });
    return key.verifies(text, signature) ? rest : null;
  };

  return {
    onRequest: (exchange) => {
      const rest = check(exchange.request);
      if (rest === null) exchange.deny('signature-invalid');
      // The backend gets no signature: it could be used again from its logs.
      else exchange.request.setForwardQuery(rest === '' ? '' : `?${rest}`);
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
