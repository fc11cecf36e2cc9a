/** Control-plane half of what a method asks over HTTP: references resolved, addresses checked. */
import type { BackendObjectReference } from '../../api/gatewayapi.ts';
import { serviceAuthority } from '../../extauth/service-name.ts';
import type { Problem } from '../../status/problem.ts';
import type { PolicyContext } from '../context.ts';
import { isProblems, type Translated, unsupported } from '../translated.ts';
import type { Endpoint } from './endpoint-schema.ts';

interface EndpointSpec {
  readonly uri?: string;
  readonly backendRef?: BackendObjectReference;
  readonly path?: string;
  readonly caCertificateRef?: { readonly kind: string; readonly name: string };
}

/** @param path where `spec` stands in its object, for messages */
export function translateEndpoint(spec: EndpointSpec, path: string, context: PolicyContext): Translated<Endpoint> {
  const { uri, backendRef } = spec;
  if ((uri === undefined) === (backendRef === undefined))
    return [unsupported(path, 'exactly one of uri and backendRef must be set')];
  if (uri !== undefined) {
    if (spec.path !== undefined) return [unsupported(`${path}.path`, 'is for backendRef; write the path into uri')];
    const authority = translateAuthority(spec, path, context);
    const problems = [...addressProblems(uri, `${path}.uri`), ...(isProblems(authority) ? authority : [])];
    return problems.length > 0 || isProblems(authority) ? problems : { kind: 'uri', uri, authority: authority.pem };
  }
  if (backendRef === undefined || spec.path === undefined)
    return [unsupported(`${path}.path`, 'is missing; write the path at backendRef, such as /jwks.json')];
  if (spec.caCertificateRef !== undefined)
    return [unsupported(`${path}.caCertificateRef`, 'is for uri; a BackendTLSPolicy says it for backendRef')];
  const cluster = context.backend(backendRef, `${path}.backendRef`);
  if (typeof cluster !== 'string') return [cluster];
  return { kind: 'cluster', cluster, authority: serviceAuthority(backendRef, context.namespace), path: spec.path };
}

/** @returns PEM; null for the CAs of the system */
export function translateAuthority(
  { caCertificateRef }: Pick<EndpointSpec, 'caCertificateRef'>,
  path: string,
  context: PolicyContext,
): Translated<{ readonly pem: string | null }> {
  if (caCertificateRef === undefined) return { pem: null };
  const found = context.authority(caCertificateRef, `${path}.caCertificateRef`);
  return found.problem === undefined ? { pem: found.value } : [found.problem];
}

export function addressProblems(address: string, path: string): readonly Problem[] {
  const url = URL.parse(address);
  if (url?.protocol === 'https:' && url.username === '' && url.password === '' && url.hash === '') return [];
  return [unsupported(path, `${JSON.stringify(address)} is no https address without user and fragment`)];
}
