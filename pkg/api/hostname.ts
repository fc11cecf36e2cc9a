/** DNS names and addresses as Kubernetes accepts them in names and specs. */
import { isIP } from 'node:net';

/** "a lowercase RFC 1123 subdomain": at most 253 characters; a label alone may be longer than 63. */
export function isSubdomain(name: string): boolean {
  return (
    name.length <= 253 &&
    name.length > 0 &&
    name.split('.').every((label) => /^[a-z0-9-]+$/.test(label) && !label.startsWith('-') && !label.endsWith('-'))
  );
}

/** `*.` and a subdomain. */
export function isWildcard(name: string): boolean {
  return name.startsWith('*.') && isSubdomain(name.slice(2)) && name.length <= 253;
}

/** `10.0.0.0/8`, `fd00::/8`. Bits set behind the prefix are allowed, as the API server's isCIDR has it. */
export function isCidr(text: string): boolean {
  const slash = text.indexOf('/');
  const family = slash < 0 ? 0 : isIP(text.slice(0, slash));
  const length = text.slice(slash + 1);
  return family !== 0 && /^(0|[1-9][0-9]{0,2})$/.test(length) && Number(length) <= (family === 4 ? 32 : 128);
}
