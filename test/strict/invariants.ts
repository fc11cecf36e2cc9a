/** What must hold for every byte the gateway sends to a backend, whatever a client did: checked by the strictness tests. */
import { type Field, readRequest, type StrictMessage, valuesOf } from './message.ts';

/** Of an access-log line: what an invariant needs. */
export interface Logged {
  readonly clientAddress: string;
  readonly method: string;
  readonly host: string;
  readonly status: number;
  readonly flag: string;
  readonly requestId: string;
  readonly upstreamDuration: number;
  readonly attempts: number;
}

/** One connection from the gateway, as it was recorded. */
export interface Conversation {
  /** Everything that came. */
  readonly bytes: Buffer;
  /** Where behind the start an answer had been given that no client may trust, and which: from there on nothing may come. */
  readonly spoilt: { readonly at: number; readonly by: string } | null;
  /** The connection became a tunnel at this offset. */
  readonly tunnelAt: number | null;
}

// RFC 9110 7.6.1, the fields it names and those of the older texts. Connection, TE and Upgrade are judged by their values.
const hopByHop = ['keep-alive', 'proxy-connection', 'http2-settings', 'proxy-authorization', 'proxy-authenticate'];

/** @returns what is wrong with the bytes of one connection; empty if nothing is. */
export function violationsOf({ bytes, spoilt, tunnelAt }: Conversation): string[] {
  const end = tunnelAt ?? bytes.length;
  const found: string[] = [];
  for (let at = 0; at < end; ) {
    if (spoilt !== null && at >= spoilt.at) return [...found, `used again after ${spoilt.by}`];
    const reading = readRequest(bytes.subarray(at, end));
    if (reading.kind === 'broken') return [...found, reading.reason];
    // The gateway broke off, as the client did; the connection must be over then, which the recorder checks.
    if (reading.kind === 'incomplete')
      return reading.head === null ? found : [...found, ...headViolations(reading.head)];
    found.push(...requestViolations(reading.message));
    at += reading.message.length;
  }
  return found;
}

/** @returns what is wrong with one request by itself */
export function requestViolations(message: StrictMessage): string[] {
  return [
    ...headViolations(message),
    ...message.extensions.map((text) => `chunk extension ${JSON.stringify(text)}`),
    ...message.trailers.filter(isForbiddenTrailer).map(([name]) => `trailer ${name}`),
  ];
}

function headViolations({ startLine, fields }: Pick<StrictMessage, 'startLine' | 'fields'>): string[] {
  const found: string[] = [];
  if (!startLine.endsWith(' HTTP/1.1')) found.push(`version: ${startLine}`);
  const target = startLine.split(' ')[1] ?? '';
  if (!target.startsWith('/') && target !== '*') found.push(`target ${target}`);
  const hosts = valuesOf(fields, 'host');
  if (hosts.length !== 1) found.push(`${hosts.length} Host fields`);
  for (const length of valuesOf(fields, 'content-length')) {
    if (!/^(?:0|[1-9][0-9]*)$/.test(length)) found.push(`Content-Length ${length} is not normalised`);
  }
  for (const name of hopByHop) if (valuesOf(fields, name).length > 0) found.push(`hop-by-hop field ${name}`);
  return [...found, ...connectionViolations(fields)];
}

/** What the gateway says of its own hop is legal; anything else there came from the client. */
function connectionViolations(fields: readonly Field[]): string[] {
  const options = listOf(fields, 'connection');
  const upgrades = valuesOf(fields, 'upgrade');
  const found = options
    .filter((option) => !['keep-alive', 'close', 'upgrade', 'te'].includes(option))
    .map((option) => `Connection: ${option}`);
  // RFC 9110 7.8: "A sender of Upgrade MUST also send an "Upgrade" connection option".
  if (upgrades.length > 0 !== options.includes('upgrade') || upgrades.length > 1)
    found.push('Upgrade and its option differ');
  if (listOf(fields, 'upgrade').some((protocol) => /^h2c?$/.test(protocol))) found.push('Upgrade: h2c');
  // RFC 9110 10.1.4: "A sender of TE MUST also send a "TE" connection option".
  const te = valuesOf(fields, 'te');
  if (te.length > 0 !== options.includes('te') || te.some((value) => value !== 'trailers'))
    found.push(`TE: ${te.join()}`);
  return found;
}

// RFC 9110 6.5.1: never for "message framing, routing, authentication, request modifiers, response controls, or content format".
function isForbiddenTrailer([name]: Field): boolean {
  return /^(?:content[-_](?:length|type|encoding|range)|transfer[-_]encoding|host|te|trailer|connection|upgrade|authorization|cookie|expect|via|forwarded|x[-_]forwarded[-_].*|x[-_]real[-_]ip)$/i.test(
    name,
  );
}

/**
 * What the gateway made of a client's request: nothing that the client did not say, but what the gateway says itself.
 * @param asked the request as the client sent it, read strictly
 * @param address of the client, whom the gateway trusts in nothing
 */
export function forwardingViolations(asked: StrictMessage, sent: StrictMessage, address: string): string[] {
  const found: string[] = [];
  const named = listOf(asked.fields, 'connection').filter((name) => !own.has(name));
  for (const name of named)
    if (valuesOf(sent.fields, name).length > 0) found.push(`field named by Connection: ${name}`);
  for (const [name, value] of sent.fields) {
    const lower = name.toLowerCase();
    if (!own.has(lower) && !valuesOf(asked.fields, lower).includes(value)) found.push(`invented ${name}: ${value}`);
  }
  for (const name of ['x-forwarded-for', 'x-real-ip']) {
    const values = valuesOf(sent.fields, name);
    if (values.length !== 1 || values[0] !== address) found.push(`${name}: ${values.join(' | ')}, not ${address}`);
  }
  for (const [name] of sent.fields)
    if (isIdentity(name) && !own.has(name.toLowerCase())) found.push(`identity ${name} of an untrusted client`);
  if (!asked.body.equals(sent.body))
    found.push(`body of ${sent.body.length} bytes, not the client's ${asked.body.length}`);
  if (asked.startLine.split(' ')[0] !== sent.startLine.split(' ')[0]) found.push(`method: ${sent.startLine}`);
  return found;
}

// What says who the client is, or which request it was before a proxy changed it: only a proxy that is trusted may say that (CVE-2026-35051,
// CVE-2024-45806, CVE-2016-5385).
function isIdentity(name: string): boolean {
  return /^(?:x[-_]forwarded[-_].*|x-envoy-.*|forwarded|x-real-ip|x-original-url|x-rewrite-url|proxy)$/i.test(name);
}

/** Fields that the gateway may write by itself. */
const own = new Set(
  'host connection upgrade te content-length transfer-encoding expect x-forwarded-for x-forwarded-proto x-forwarded-port x-forwarded-host x-real-ip x-request-id'.split(
    ' ',
  ),
);

/**
 * Requests that came whole against the access log: as many as were answered from upstream, each with the host that was routed.
 * @param authority of the gateway's own listeners, for a request of HTTP/1.0 that names no host
 */
export function logViolations(
  requests: readonly StrictMessage[],
  lines: readonly Logged[],
  authority: RegExp,
): string[] {
  const found: string[] = [];
  const byId = new Map(lines.map((line) => [line.requestId, line]));
  const count = new Map<string, number>();
  for (const { startLine, fields } of requests) {
    const [id = ''] = valuesOf(fields, 'x-request-id');
    count.set(id, (count.get(id) ?? 0) + 1);
    const line = byId.get(id);
    const host = valuesOf(fields, 'host').join();
    if (line === undefined) found.push(`not in the access log: ${startLine} ${id}`);
    else if (line.host === '' ? !authority.test(host) : normalHost(host) !== line.host)
      found.push(`Host ${host}, but ${line.host} was routed`);
  }
  for (const line of lines) {
    const sent = count.get(line.requestId) ?? 0;
    // The fast lane repeats once by itself what has no effect, on a connection that was dead before (`pkg/upstream/README.md`).
    const repeats = /^(?:GET|HEAD|OPTIONS|TRACE)$/.test(line.method) ? line.attempts : 0;
    if (sent > line.attempts + repeats)
      found.push(`${sent} requests, but ${line.attempts} attempts logged: ${line.requestId}`);
    if (line.upstreamDuration >= 0 && sent === 0)
      found.push(`answered from upstream, but never seen there: ${line.requestId}`);
  }
  return found;
}

/** As routing and the access log have it: lower case, without port and the dot of the root. */
export function normalHost(host: string): string {
  return host
    .toLowerCase()
    .replace(/:[0-9]*$/, '')
    .replace(/\.$/, '');
}

function listOf(fields: readonly Field[], name: string): string[] {
  return valuesOf(fields, name)
    .join(',')
    .split(',')
    .map((element) => element.trim().toLowerCase())
    .filter((element) => element !== '');
}
