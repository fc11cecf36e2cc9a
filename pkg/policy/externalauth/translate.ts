/** Control-plane half of the filter `ExternalAuth`. */
import type { HTTPExternalAuthFilter } from '../../api/httproute.ts';
import type { ExternalAuthConfig, GrpcService, HttpService } from '../../extauth/config.ts';
import { isForBackend } from '../../extauth/field-names.ts';
import { serviceAuthority } from '../../extauth/service-name.ts';
import type { Problem } from '../../status/problem.ts';
import type { PolicyContext } from '../context.ts';
import { type Translated, unsupported } from '../translated.ts';

/** Milliseconds; Gateway API has no field for it. */
const TIMEOUT = 5000;
/** Bytes. A body that is held for a question is memory that any client can ask for. */
const MAX_BODY = 1024 * 1024;

/** @param path where `spec` stands in its object, for messages */
export function translateExternalAuth(
  spec: HTTPExternalAuthFilter,
  path: string,
  context: PolicyContext,
): Translated<ExternalAuthConfig> {
  const cluster = context.backend(spec.backendRef, `${path}.backendRef`);
  const maxBody = spec.forwardBody?.maxSize ?? 0;
  const problems = [
    ...(typeof cluster === 'string' ? [] : [cluster]),
    ...(spec.protocol === 'HTTP' ? httpProblems(spec, path) : []),
    ...(maxBody > MAX_BODY
      ? [unsupported(`${path}.forwardBody.maxSize`, `${maxBody} is more than ${MAX_BODY}; write less`)]
      : []),
  ];
  if (problems.length > 0 || typeof cluster !== 'string') return problems;
  const service = spec.protocol === 'HTTP' ? httpService(spec, context.namespace) : grpcService(spec);
  return { cluster, service, maxBody, timeout: TIMEOUT, statusOnError: 503, cache: null };
}

function httpService({ http, backendRef }: HTTPExternalAuthFilter, namespace: string): HttpService {
  const { path = '', allowedHeaders = [], allowedResponseHeaders = [] } = http ?? {};
  return {
    protocol: 'HTTP',
    authority: serviceAuthority(backendRef, namespace),
    // "The following headers must always be sent to the authorization server [...]: Host, Method, Path, Content-Length, Authorization".
    method: 'Original',
    path: { type: 'Prefix', value: path.replace(/\/$/, '') },
    contract: 'none',
    // "If this list is empty, then only those headers must be sent."
    requestHeaders: lower(allowedHeaders),
    // "If this list is empty, then all headers from the authorization server except Authority or Host must be copied."
    responseHeaders: allowedResponseHeaders.length === 0 ? null : allowedResponseHeaders,
    passes: 'Only200',
    refusals: 'Any4xx',
  };
}

function grpcService({ grpc }: HTTPExternalAuthFilter): GrpcService {
  const { allowedHeaders = [] } = grpc ?? {};
  // "If this list is empty, then all headers must be sent."
  const requestHeaders = allowedHeaders.length === 0 ? null : lower(allowedHeaders);
  return { protocol: 'GRPC', requestHeaders, contextExtensions: {} };
}

function lower(names: readonly string[]): readonly string[] {
  return names.map((name) => name.toLowerCase());
}

function httpProblems({ http }: HTTPExternalAuthFilter, path: string): readonly Problem[] {
  const { path: prefix = '', allowedResponseHeaders = [] } = http ?? {};
  return [
    // "Even with the validation, implementations MUST sanitize this input before using it directly."
    ...(prefix === '' || /^\/(?![/.])(?:(?!\/[/.]|%2[ef]|%5c)[!-"$->@-[\]-~])*$/i.test(prefix)
      ? []
      : [unsupported(`${path}.http.path`, `${JSON.stringify(prefix)} is no clean path; write one such as /auth`)]),
    ...allowedResponseHeaders.flatMap((name, i) =>
      isForBackend(name.toLowerCase())
        ? []
        : [unsupported(`${path}.http.allowedResponseHeaders[${i}]`, `${name} cannot be copied; remove it`)],
    ),
  ];
}
