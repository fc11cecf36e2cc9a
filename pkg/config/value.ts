/** Readers of option values: text from a flag, the environment or the file → value, or what was wanted instead. */
import { isIP, isIPv4 } from 'node:net';

export type Read<T> = { readonly value: T } | { readonly wanted: string };

export interface HostPort {
  /** IP address or name; `''` for every address of the machine. */
  readonly host: string;
  readonly port: number;
}

const value = <T>(value: T): Read<T> => ({ value });
const wanted = (wanted: string): Read<never> => ({ wanted });

export function text(raw: string): Read<string> {
  return raw === '' ? wanted('some text') : value(raw);
}

export function boolean(raw: string): Read<boolean> {
  if (raw === 'true' || raw === '') return value(true);
  return raw === 'false' ? value(false) : wanted('true or false');
}

export function oneOf<const T extends string>(...choices: readonly T[]): (raw: string) => Read<T> {
  return (raw) => {
    const choice = choices.find((choice) => choice === raw);
    return choice === undefined ? wanted(`one of ${choices.join(', ')}`) : value(choice);
  };
}

/** A path, or `off` as null. */
export function fileOrOff(raw: string): Read<string | null> {
  if (raw === '') return wanted('a file name, or off');
  return value(raw === 'off' ? null : raw);
}

export function hostPortOrOff(raw: string): Read<HostPort | null> {
  if (raw === 'off') return value(null);
  const parts = /^(?:\[([^\]]*)\]|([^:]*)):(\d{1,5})$/.exec(raw);
  const host = parts?.[1] ?? parts?.[2] ?? '';
  const port = Number(parts?.[3] ?? Number.NaN);
  if (!(port <= 65_535) || (parts?.[1] !== undefined && isIP(host) !== 6)) {
    return wanted('HOST:PORT such as 127.0.0.1:9901, [::1]:9901 or :9901 for all addresses, or off');
  }
  return value({ host, port });
}

const Units: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 };

/** Gateway API's durations (GEP-2257): `1h30m`, `250ms`; also a bare `0`. In milliseconds. */
export function duration(raw: string): Read<number> {
  if (raw === '0') return value(0);
  if (!/^(?:\d{1,5}(?:h|ms|m|s)){1,4}$/.test(raw)) return wanted('a duration such as 250ms, 10s or 1m30s');
  let total = 0;
  for (const [, count, unit] of raw.matchAll(/(\d+)(h|ms|m|s)/g)) total += Number(count) * (Units[unit ?? ''] ?? 0);
  return value(total);
}

/** `80:8080,443:8443`: listener port → bound port. */
export function portMap(raw: string): Read<Readonly<Record<number, number>>> {
  const map: Record<number, number> = {};
  if (raw === '') return value(map);
  for (const pair of raw.split(',')) {
    const [, from, to] = /^\s*(\d{1,5}):(\d{1,5})\s*$/.exec(pair) ?? [];
    if (!isPort(from) || !isPort(to)) return wanted('pairs LISTENER_PORT:BOUND_PORT such as 80:8080,443:8443');
    if (map[Number(from)] !== undefined) return wanted(`each listener port once; ${from} stands twice`);
    map[Number(from)] = Number(to);
  }
  return value(map);
}

function isPort(digits: string | undefined): boolean {
  return digits !== undefined && Number(digits) >= 1 && Number(digits) <= 65_535;
}

/** More than this is more likely a slip in a prefix length than a wish. */
const MaxAddresses = 1024;

/** `192.0.2.1,192.0.2.2`, `192.0.2.0/28`, or both mixed; the addresses that a CIDR holds, without network and broadcast address. */
export function addresses(raw: string): Read<readonly string[]> {
  const all = new Set<string>();
  for (const part of raw.split(',').map((part) => part.trim())) {
    if (part === '' && raw === '') return value([]);
    if (isIP(part) !== 0) all.add(part);
    else {
      const expanded = expand(part);
      if (expanded === null)
        return wanted(`IP addresses or a CIDR of at most ${MaxAddresses} addresses, separated by commas`);
      for (const address of expanded) all.add(address);
    }
    if (all.size > MaxAddresses) return wanted(`at most ${MaxAddresses} addresses`);
  }
  return value([...all]);
}

function expand(cidr: string): readonly string[] | null {
  const [, base, length] = /^([0-9.]+)\/(\d{1,2})$/.exec(cidr) ?? [];
  if (base === undefined || !isIPv4(base) || Number(length) > 32 || Number(length) < 22) return null;
  const count = 2 ** (32 - Number(length));
  const octets = base.split('.').map(Number);
  const start = octets.reduce((sum, octet) => sum * 256 + octet, 0);
  const first = start - (start % count);
  // RFC 3021: a /31 has two usable addresses; a /32 is the address itself.
  const edge = count > 2 ? 1 : 0;
  return Array.from({ length: count - 2 * edge }, (_, i) => dotted(first + edge + i));
}

function dotted(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join('.');
}

const DnsLabel = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

/** `shop,billing`: names of namespaces. */
export function namespaces(raw: string): Read<readonly string[]> {
  const names = raw === '' ? [] : raw.split(',').map((name) => name.trim());
  if (!names.every((name) => DnsLabel.test(name)))
    return wanted('namespaces separated by commas, such as shop,billing');
  return value([...new Set(names)]);
}

/** `nginx,internal`: names of classes. */
export function classes(raw: string): Read<readonly string[]> {
  const names = raw === '' ? [] : raw.split(',').map((name) => name.trim());
  const good = names.every((name) => name.length <= 253 && name.split('.').every((label) => DnsLabel.test(label)));
  return good ? value([...new Set(names)]) : wanted('names of classes separated by commas, such as nginx,internal');
}

/** `namespace/name`, or `''`. Names of most kinds may have dots. */
export function objectName(raw: string): Read<string> {
  const [namespace = '', name = '', ...rest] = raw.split('/');
  const isName = name.length <= 253 && name.split('.').every((label) => DnsLabel.test(label));
  const good = raw === '' || (rest.length === 0 && DnsLabel.test(namespace) && isName);
  return good ? value(raw) : wanted('NAMESPACE/NAME, such as suuupra-system/suuupra-gateway');
}

/** What the values of labels may be, and the names of objects. */
export function instance(raw: string): Read<string> {
  const good = /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/.test(raw);
  return good
    ? value(raw)
    : wanted('a name of at most 63 lowercase letters, digits, dots and hyphens, such as suuupra');
}

/** `auto` as null. */
export function workers(raw: string): Read<number | null> {
  if (raw === 'auto') return value(null);
  if (!/^\d{1,3}$/.test(raw) || Number(raw) > 256)
    return wanted('a number from 1 to 256, 0 for everything in one thread, or auto');
  return value(Number(raw));
}

export type AccessLogTarget =
  | { readonly kind: 'stdout' }
  | { readonly kind: 'off' }
  | { readonly kind: 'file'; readonly path: string };

export function accessLog(raw: string): Read<AccessLogTarget> {
  if (raw === '') return wanted('stdout, off or a file name');
  return value(raw === 'stdout' || raw === 'off' ? { kind: raw } : { kind: 'file', path: raw });
}
