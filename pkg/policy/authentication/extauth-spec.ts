/** What users write under `externalAuth`. */
import { Type } from 'typebox';
import { celRules, choice, duration, integer, list, size, text, textMap, type ValueOf } from '../../api/schema.ts';
import { TOKEN } from './credential-spec.ts';
import { backendRef } from './endpoint-spec.ts';

const headerNames = (description: string) =>
  Type.Optional(list(text(256, 'Name of the header.', { pattern: TOKEN }), 64, description));

/** Of a header of the answer, or of metadata. */
const fact = (description: string) => Type.Optional(text(256, description, { pattern: '^[!-~]+$' }));

const http = Type.Object(
  {
    path: text(1024, 'Path of the check, such as /oauth2/auth; a query may follow.', { pattern: '^/[^\\s#]*$' }),
    method: Type.Optional(
      choice(
        ['GET', 'HEAD', 'POST', 'Original'],
        'Method of the check; Original: that of the client. Absent: GET, with forwardBody POST.',
      ),
    ),
    allowedHeaders: headerNames(
      'Headers of the client that the service sees, besides Authorization and those that the gateway writes. Absent: all.',
    ),
    allowedResponseHeaders: headerNames(
      'Headers of its answer that the backend gets. What clients send under these names is always removed.',
    ),
    signinURL: Type.Optional(
      text(2048, 'Where a browser is sent when the service answers 401: an address, or a path of the same host.', {
        pattern: '^(https?://[^\\s#/?]+|/)[^\\s#]*$',
      }),
    ),
    signinRedirectParam: Type.Optional(
      text(64, 'Query parameter that tells signinURL where to go on; absent: rd.', { pattern: '^[-._~0-9A-Za-z]+$' }),
    ),
  },
  {
    description: 'For protocol HTTP.',
    ...celRules({
      rule: '!has(self.signinRedirectParam) || has(self.signinURL)',
      message: 'signinRedirectParam is for signinURL',
    }),
  },
);

const grpc = Type.Object(
  {
    allowedHeaders: headerNames('Headers of the client that the service sees. Absent: all.'),
    contextExtensions: Type.Optional(textMap(256, 'Sent along with every request.')),
  },
  { description: 'For protocol GRPC.' },
);

const cache = Type.Object(
  {
    headers: Type.Optional(
      list(text(256, 'Name.', { pattern: TOKEN }), 8, 'Headers whose values are part of the key.'),
    ),
    cookies: Type.Optional(list(text(256, 'Name.', { pattern: TOKEN }), 8, 'Cookies, likewise.')),
    scope: choice(
      ['Request', 'Credentials'],
      'Request: method, host, path, query, client address and certificate are part of the key. Credentials: headers and cookies alone, for services that look at nothing else.',
      { default: 'Request' },
    ),
    ttl: duration('How long an answer is used, 1s to 1h; a Cache-Control of the answer may shorten it.'),
    maxEntries: integer(1, 100_000, 'Answers that one worker keeps.', { default: 10_000 }),
  },
  {
    description:
      'Keeps answers that let a request pass. A request without any of these headers and cookies is always asked about.',
    ...celRules({
      rule: '(has(self.headers) && size(self.headers) > 0) || (has(self.cookies) && size(self.cookies) > 0)',
      message: 'at least one of headers and cookies must be set',
    }),
  },
);

export const externalAuthSchema = Type.Object(
  {
    protocol: choice(
      ['HTTP', 'GRPC'],
      'HTTP: one request, answered as oauth2-proxy, Authelia and Authentik answer nginx. GRPC: ext_authz of Envoy, version 3.',
    ),
    backendRef: backendRef('the service that decides'),
    http: Type.Optional(http),
    grpc: Type.Optional(grpc),
    forwardBody: Type.Optional(
      Type.Object(
        { maxSize: size('The longest body, at most 1Mi; a longer one is refused with 413.') },
        { description: 'The service sees the body of the request.' },
      ),
    ),
    timeout: Type.Optional(duration('How long the service may take, 10ms to 30s; absent: 5s.')),
    statusOnError: Type.Unsafe<403 | 503>({
      type: 'integer',
      format: 'int32',
      enum: [403, 503],
      default: 503,
      description: 'What clients get while the service does not decide. Nothing passes then.',
    }),
    cache: Type.Optional(cache),
    identity: Type.Optional(
      Type.Object(
        {
          subject: fact('Who is asking.'),
          tenant: fact('Tenant.'),
          scopes: fact('Scopes, with spaces or commas between.'),
          roles: fact('Roles or groups, with commas between.'),
        },
        { description: 'Headers of the answer (with GRPC also names of its metadata) that say who is asking.' },
      ),
    ),
  },
  {
    description: 'A service is asked about every request. Claims: headers of its answer, metadata.',
    ...celRules(
      {
        rule: "(self.protocol == 'HTTP') == has(self.http)",
        message: 'http must be set when protocol is HTTP, and only then',
      },
      { rule: "!has(self.grpc) || self.protocol == 'GRPC'", message: 'grpc is for protocol GRPC' },
      { rule: '!has(self.cache) || !has(self.forwardBody)', message: 'what depends on the body cannot be cached' },
      {
        rule: "!has(self.forwardBody) || !has(self.http) || !has(self.http.method) || self.http.method in ['POST', 'Original']",
        message: 'with forwardBody the method must be POST or Original',
      },
    ),
  },
);

export type ExternalAuthSpec = ValueOf<typeof externalAuthSchema>;
