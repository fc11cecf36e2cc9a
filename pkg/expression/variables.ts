/** What expressions can ask about. Nothing is made before an expression asks for it, and nothing it does not mention. */
import type { ClientCertificate, Exchange } from '../policy/runtime.ts';
import { cookieValue } from './cookie.ts';
import { queryValue } from './query.ts';

/** Reads one value; undefined: there is none, which fails the evaluation unless it was asked by `has`. */
export type Read = (exchange: Exchange) => unknown;
/** Looks one name up in what cannot be listed. */
export type Lookup = (exchange: Exchange, name: string) => string | undefined;

export type Field =
  | { readonly kind: 'value'; readonly type: string; readonly read: Read }
  /** Not of the exchange: opened while an expression that names it is compiled. `missing`: what to do where it cannot be. */
  | {
      readonly kind: 'source';
      readonly type: string;
      readonly open: (() => Read) | undefined;
      readonly missing: string;
    }
  | { readonly kind: 'table'; readonly read: Lookup }
  | { readonly kind: 'record'; readonly fields: Fields; readonly read?: Read };
export type Fields = Readonly<Record<string, Field>>;

const value = (type: string, read: Read): Field => ({ kind: 'value', type, read });
const table = (read: Lookup): Field => ({ kind: 'table', read });
const record = (fields: Fields, read?: Read): Field => ({ kind: 'record', fields, ...(read && { read }) });

const certificate = (type: string, read: (certificate: ClientCertificate) => unknown): Field =>
  value(type, ({ connection }) => connection.clientCertificate && read(connection.clientCertificate));

/** Missing rather than `''`: two values that are not there must not be equal. */
const unlessEmpty = (text: string | undefined) => (text === '' ? undefined : text);
const none: readonly string[] = [];
const nothing = {};

/** In every phase, whatever sources there are. */
const always = {
  request: record({
    method: value('string', ({ request }) => request.method),
    scheme: value('string', ({ request }) => request.scheme),
    host: value('string', ({ request }) => request.host),
    // The canonical path: what was matched, whatever spelling the client chose.
    path: value('string', ({ request }) => request.path),
    query: table(({ request }, name) => queryValue(request.query, name)),
    headers: table(({ request }, name) => request.headers.get(name.toLowerCase())),
    cookies: table(({ request: { headers } }, name) => cookieValue(headers.get('cookie') ?? '', name)),
    id: value('string', ({ request }) => request.requestId),
    traceID: value('string', ({ request }) => traceOf(request.headers.get('traceparent') ?? '')),
    size: value('int', ({ request }) => bodySize(request.headers.get('content-length'), request.headers)),
  }),
  connection: record({
    address: value('string', ({ connection }) => connection.address),
    servername: value('string', ({ connection }) => connection.servername ?? undefined),
    tls: value('bool', ({ request }) => request.scheme === 'https'),
    tlsVersion: value('string', ({ connection }) => unlessEmpty(connection.tls?.protocol)),
    tlsCipher: value('string', ({ connection }) => unlessEmpty(connection.tls?.cipher)),
    certificate: record(
      {
        subject: certificate('string', ({ subject }) => subject),
        issuer: certificate('string', ({ issuer }) => issuer),
        dnsNames: certificate('list<string>', ({ dnsNames }) => dnsNames),
        uris: certificate('list<string>', ({ uris }) => uris),
        emails: certificate('list<string>', ({ emails }) => emails),
        fingerprint: certificate('string', ({ fingerprint }) => fingerprint),
        serialNumber: certificate('string', ({ serialNumber }) => serialNumber),
      },
      ({ connection }) => connection.clientCertificate ?? undefined,
    ),
  }),
  identity: record({
    anonymous: value('bool', ({ identity }) => identity === null),
    subject: value('string', ({ identity }) => identity?.subject),
    tenant: value('string', ({ identity }) => unlessEmpty(identity?.tenant)),
    method: value('string', ({ identity }) => identity?.method),
    provider: value('string', ({ identity }) => identity?.provider),
    // Nobody has no scopes and no roles, so these can be asked of anybody.
    scopes: value('list<string>', ({ identity }) => identity?.scopes ?? none),
    roles: value('list<string>', ({ identity }) => identity?.roles ?? none),
    claims: value('map<string, dyn>', ({ identity }) => identity?.claims ?? nothing),
  }),
} as const satisfies Fields;

const clientAddress = value('string', ({ request }) => request.clientAddress);

function client({ countries }: Sources): Field {
  return record({
    address: clientAddress,
    country: {
      kind: 'source',
      type: 'string',
      open: countries && (() => readCountry(countries())),
      missing: 'needs a database of countries: start the gateway with --geoip-database, or do without it',
    },
  });
}

const readCountry =
  (countryOf: CountryOf): Read =>
  ({ request }) =>
    countryOf(request.clientAddress);

const response = record({
  status: value('int', ({ response }) => BigInt(response.status)),
  headers: table(({ response }, name) => response.headers.get(name.toLowerCase())),
});

/** ISO 3166-1 alpha-2; `''` for an address of no known country, undefined without a database. */
export type CountryOf = (address: string) => string | undefined;

/** What is there beside the exchange. */
export interface Sources {
  readonly countries?: () => CountryOf;
}

export interface Scope extends Sources {
  /** `response` can be asked about: in response phases. */
  readonly response?: boolean;
  /** `body`: JSON that whoever evaluates hands in. */
  readonly body?: boolean;
}

/** The records of a scope, by name; `body` is no record. */
export function variablesOf(scope: Scope): Fields {
  const { request, ...others } = always;
  const fields: Fields = { request, client: client(scope), ...others };
  return scope.response === true ? { ...fields, response } : fields;
}

/**
 * W3C Trace Context 3.2.2: "All bytes as zero (00000000000000000000000000000000) is considered an invalid value", of both ids; version ff is
 * invalid, and a higher one than 00 is read by what is known of it.
 */
function traceOf(traceparent: string): string | undefined {
  return /^(?:00(?=.{53}$)|(?!00|ff)[0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(?:$|-)/.exec(
    traceparent,
  )?.[1];
}

/** Unknown before the end for a chunked body: missing, since a rule that asks for "at most" must not pass it. */
function bodySize(length: string | undefined, headers: { has(name: string): boolean }): bigint | undefined {
  if (length !== undefined) return /^\d{1,15}$/.test(length) ? BigInt(length) : undefined;
  return headers.has('transfer-encoding') ? undefined : 0n;
}
