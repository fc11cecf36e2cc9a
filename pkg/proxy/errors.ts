/** Everything that can go wrong with one exchange: a closed set, and the one table that says what a client, a log and a retry make of it. */

export type ErrorCode = keyof typeof errors;

export interface ErrorInfo {
  readonly status: number;
  /** Envoy's response flag where it has one; what the access log shows. */
  readonly flag: string;
  /** Whether another try may help. */
  readonly retryable: boolean;
  readonly title: string;
}

const error = (status: number, flag: string, title: string, retryable = false): ErrorInfo => ({
  status,
  flag,
  title,
  retryable,
});

export const errors = {
  // The client's fault.
  'bad-request': error(400, 'DPE', 'The request is not valid HTTP/1.1'),
  'path-invalid': error(400, 'DPE', 'The path holds encoded dot segments, a backslash or control characters'),
  'path-ambiguous': error(400, 'DPE', 'The path can be read in two ways, which different rules serve'),
  'header-invalid': error(400, 'DPE', 'A header field is not allowed'),
  'request-timeout': error(408, 'RT', 'The request did not arrive in time'),
  'method-not-allowed': error(405, 'DPE', 'The method is not supported'),
  'body-too-large': error(413, 'PL', 'The request body is too large'),
  'uri-too-long': error(414, 'DPE', 'The request target is too long'),
  'expectation-failed': error(417, 'DPE', 'The expectation cannot be met'),
  misdirected: error(421, 'MR', 'The host is not served on this connection'),
  'headers-too-large': error(431, 'DPE', 'The header fields are too large'),
  'coding-unsupported': error(501, 'DPE', 'The transfer coding is not supported'),
  'version-unsupported': error(505, 'DPE', 'The HTTP version is not supported'),
  'client-closed': error(499, 'DC', 'The client closed the connection'),
  // Routing.
  'no-route': error(404, 'NR', 'No route matches'),
  'backend-invalid': error(500, 'NC', 'The route refers to a backend that cannot be used'),
  'annotation-unsupported': error(503, 'UA', 'The route asks for a protection that is not available'),
  'policy-invalid': error(500, 'PI', 'A policy of this route could not be applied'),
  unauthenticated: error(401, 'UAEX', 'No valid credential was shown'),
  forbidden: error(403, 'UAEX', 'The client may not do this'),
  'address-denied': error(403, 'UAEX', 'The address of the client is not allowed'),
  'origin-denied': error(403, 'UAEX', 'The page that made the request is not allowed to'),
  'signature-invalid': error(403, 'UAEX', 'The signature of the URL is not valid'),
  'request-invalid': error(400, 'UAEX', 'The request does not have the form that is asked for'),
  'method-denied': error(405, 'UAEX', 'The method is not allowed here'),
  'media-type-denied': error(415, 'UAEX', 'The media type is not allowed here'),
  'policy-unavailable': error(503, 'UAEX', 'What decides on the request is not available'),
  'filter-failed': error(500, 'FE', 'The request could not be processed'),
  internal: error(500, 'IE', 'The gateway failed'),
  // Upstream.
  'no-endpoint': error(503, 'UH', 'No endpoint is available'),
  'connect-failed': error(503, 'UF', 'No connection to the backend', true),
  'connect-timeout': error(503, 'UF', 'The backend did not accept a connection in time', true),
  overloaded: error(503, 'UO', 'Too many requests wait for the backend'),
  'egress-denied': error(503, 'UED', 'The backend address is not allowed'),
  'upstream-reset': error(502, 'UC', 'The backend closed the connection', true),
  'upstream-invalid': error(502, 'UPE', 'The backend did not answer in valid HTTP/1.1', true),
  'upstream-tls': error(502, 'UF', 'No trusted connection to the backend'),
  'upstream-timeout': error(504, 'UT', 'The backend did not answer in time', true),
  'upstream-idle': error(504, 'SI', 'The backend fell silent'),
  // The gateway itself.
  'connection-limit': error(503, 'OM', 'Too many connections'),
  'bodies-held': error(503, 'OM', 'Too many request bodies are being read'),
  draining: error(503, 'SD', 'The gateway is shutting down'),
} as const satisfies Record<string, ErrorInfo>;
