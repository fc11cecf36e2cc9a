/** What the fields that GatewayRoute has of HTTPRoute are for, in our words: for `kubectl explain` and the reference page. */
import type { StructuralSchema } from './structural.ts';

/** By the end of the path; the longest that fits is taken. */
const WORDS: Readonly<Record<string, string>> = {
  parentRefs: 'Gateways and ListenerSets, or listeners of them, that the route asks to be attached to.',
  useDefaultGateways: 'All attaches the route to every Gateway with defaultScope All, besides its parentRefs.',
  hostnames: 'Hosts that the route serves; `*.` stands for one or more labels. Absent: all of the listener.',
  rules: 'What is done with which request. Of several rules the one with the most specific match serves.',
  'rules[].name': 'Name of the rule, for logs and status.',
  matches: 'The rule serves a request if one of these holds. Absent: every request.',
  'matches[].path': 'The path of the request.',
  'matches[].path.type':
    'PathPrefix compares whole path elements; RegularExpression is RE2 and must match all of the path.',
  'matches[].path.value': 'Compared with the canonical path: decoded, dot segments resolved, slashes merged.',
  'matches[].method': 'Method of the request.',
  'matches[].headers': 'Headers that the request must have, each of them.',
  'matches[].queryParams': 'Query parameters that the request must have, each of them.',
  'headers[].name': 'Name of the header; case does not matter.',
  'headers[].type': 'How value is compared; RegularExpression is RE2.',
  'headers[].value': 'Value of the header.',
  'queryParams[].name': 'Name of the parameter; case matters.',
  'queryParams[].type': 'How value is compared; RegularExpression is RE2.',
  'queryParams[].value': 'Value of the parameter.',
  filters: 'What is done to requests and responses on the way.',
  'filters[].type': 'Kind of filter: the member of the same name must be set, and no other.',
  requestHeaderModifier: 'Changes headers of the request.',
  responseHeaderModifier: 'Changes headers of the response.',
  set: 'Replaces the header, or adds it.',
  add: 'Adds a value to the header.',
  remove: 'Names of headers to remove.',
  'set[].name': 'Name of the header.',
  'set[].value': 'Value of the header.',
  'add[].name': 'Name of the header.',
  'add[].value': 'Value of the header.',
  requestMirror: 'Sends a copy of the request to another backend, whose answer is dropped. May be repeated.',
  percent: 'Share of the requests that is copied; without percent and fraction: all.',
  fraction: 'Share of the requests that is copied.',
  numerator: 'Of every `denominator` requests, this many are copied.',
  denominator: 'Of how many requests.',
  requestRedirect: 'Answers with a redirect.',
  'requestRedirect.scheme': 'Scheme of the new location; absent: that of the request.',
  'requestRedirect.hostname': 'Host of the new location; absent: that of the request.',
  'requestRedirect.port': 'Port of the new location; absent: that of scheme if one is set, else of the listener.',
  'requestRedirect.statusCode': 'Status of the answer.',
  urlRewrite: 'Changes the URL that the backend sees.',
  'urlRewrite.hostname': 'Host header that the backend sees.',
  'filters[].requestRedirect.path': 'Path of the new location; absent: that of the request.',
  'filters[].urlRewrite.path': 'Path that the backend sees; absent: that of the request.',
  'path.type': 'How the path is changed: the member of the same name must be set, and no other.',
  replaceFullPath: 'Replaces the whole path.',
  replacePrefixMatch: 'Replaces the prefix that the only match of the rule names.',
  cors: 'Answers preflight requests and adds the headers of CORS.',
  allowOrigins: 'Origins that may read responses: `https://example.com`, `https://*.example.com` or `*`.',
  allowCredentials: 'Whether requests may carry cookies and the like.',
  allowMethods: 'Methods that a request may have, or `*`.',
  allowHeaders: 'Headers that a request may have, or `*`.',
  exposeHeaders: 'Headers of the response that scripts may read.',
  maxAge: 'Seconds that a browser may keep the answer of a preflight request.',
  extensionRef: 'Not supported by this release: the rule is not served, and the status says so.',
  'extensionRef.group': 'API group of the object.',
  'extensionRef.kind': 'Kind of the object.',
  'extensionRef.name': 'Name of the object, in the namespace of the route.',
  externalAuth: 'A service that is asked about every request, besides what policies ask.',
  'externalAuth.protocol': 'How the service is asked.',
  'externalAuth.http': 'For protocol HTTP.',
  'externalAuth.grpc': 'For protocol GRPC.',
  'externalAuth.forwardBody': 'Whether the service sees the body.',
  allowedHeaders: 'Headers of the request that the service sees.',
  allowedResponseHeaders: 'Headers of the answer that are added to the request.',
  'http.path': 'Prefix of the path that the service is asked for.',
  maxSize: 'Bytes of the longest body; a longer one is refused with 413. 0: the service sees no body.',
  backendRef: 'Service or Backend.',
  backendRefs: 'Where requests go. Absent or unusable: they are answered 500.',
  weight: 'Share of the requests among the backends of the same priority; 0 takes none.',
  timeouts: 'How long requests may take.',
  'timeouts.request': 'From the whole request to the head of the response; 0s for no limit.',
  'timeouts.backendRequest': 'The same for each attempt; 0s for no limit.',
  retry: 'When a request is sent again.',
  codes: 'Statuses of the backend that are tried again, besides failed connections.',
  attempts: 'Retries after the first attempt.',
  backoff: 'Before the first retry; doubled each time.',
  sessionPersistence: 'Not acted on by this release: the status says so.',
  sessionName: 'Name of the cookie or header.',
  absoluteTimeout: 'How long a session lasts.',
  'sessionPersistence.type': 'What carries the session.',
  cookieConfig: 'For type Cookie.',
  lifetimeType: 'Whether the cookie outlives the browser.',
  group: 'API group; empty for the core group.',
  kind: 'Kind of the object.',
  name: 'Name of the object.',
  namespace: 'Namespace of the object; absent: that of the route. Another one needs a ReferenceGrant there.',
  port: 'Port; required for a Service.',
  'parentRefs[].namespace': 'Namespace of the parent; absent: that of the route.',
  'parentRefs[].sectionName': 'Name of one listener; absent: all that allow the route.',
  'parentRefs[].port': 'Port of the listeners; absent: any.',
};

/** Adds a description wherever `schema` has none. */
export function describeInherited(schema: StructuralSchema, path = ''): StructuralSchema {
  const { description = wordsOf(path), properties, items } = schema;
  const children = Object.entries(properties ?? {}).map(([name, child]) => {
    return [name, describeInherited(child, path === '' ? name : `${path}.${name}`)] as const;
  });
  return {
    ...(description !== undefined && { description }),
    ...schema,
    ...(properties !== undefined && { properties: Object.fromEntries(children) }),
    ...(items !== undefined && { items: describeInherited(items, `${path}[]`) }),
  };
}

function wordsOf(path: string): string | undefined {
  if (path === '') return 'What is served, where, and by whom.';
  for (let rest: string | undefined = path; rest !== undefined; rest = afterDot(rest)) {
    if (Object.hasOwn(WORDS, rest)) return WORDS[rest];
  }
  return undefined;
}

function afterDot(path: string): string | undefined {
  const dot = path.indexOf('.');
  return dot < 0 ? undefined : path.slice(dot + 1);
}
