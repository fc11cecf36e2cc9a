/** Signs URLs: what `gatewayctl sign` does, and the applications that hand them out. */
import { canonicalQueryOf, type Grant, SignatureParam, stringToSign } from './canonical.ts';
import type { SigningKey } from './key.ts';

export interface Unsigned {
  /** Lower case, without port. */
  readonly host: string;
  /** Escaped, without dot segments. */
  readonly path: string;
  /** Without the question mark; no parameter of it begins with `su-`. */
  readonly query: string;
  readonly grant: Grant;
}

/** @returns the whole query, without the question mark */
export function signQuery({ host, path, query, grant }: Unsigned, key: SigningKey): string {
  const text = stringToSign({ algorithm: key.algorithm, host, path, query: canonicalQueryOf(query), grant });
  const { keyId, expires, notBefore, prefix, method, ip } = grant;
  const params = [
    ['su-key', keyId],
    ['su-expires', expires],
    ['su-not-before', notBefore],
    ['su-prefix', prefix],
    ['su-method', method],
    ['su-ip', ip],
    [SignatureParam, key.sign(text)],
  ].flatMap(([name, value]) => (value === '' ? [] : [`${name}=${value}`]));
  return [...(query === '' ? [] : [query]), ...params].join('&');
}
