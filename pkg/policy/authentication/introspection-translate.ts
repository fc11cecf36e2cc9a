/** Control-plane half of token introspection. */
import { parseDuration } from '../../api/duration.ts';
import type { PolicyContext } from '../context.ts';
import { isProblems, type Translated } from '../translated.ts';
import { credentialProblems, durationProblems, locationsOf } from './credential-translate.ts';
import { translateEndpoint } from './endpoint-translate.ts';
import type { IntrospectionConfig } from './introspection-schema.ts';
import type { IntrospectionSpec } from './introspection-spec.ts';

/** @param path where `spec` stands in its object, for messages */
export function translateIntrospection(
  spec: IntrospectionSpec,
  path: string,
  context: PolicyContext,
): Translated<IntrospectionConfig> {
  const { claimToHeaders = [], cacheDuration = '1m', timeout = '5s', clientID, forward } = spec;
  const endpoint = translateEndpoint(spec.endpoint, `${path}.endpoint`, context);
  const secret = context.secret(spec.clientSecret, `${path}.clientSecret`);
  const locations = locationsOf(spec.extractFrom, 'authorization', 'bearer ');
  const problems = [
    ...(isProblems(endpoint) ? endpoint : []),
    ...(secret.problem === undefined ? [] : [secret.problem]),
    ...credentialProblems(locations, claimToHeaders, path),
    ...durationProblems(cacheDuration, 0, 3_600_000, '0s to 1h', `${path}.cacheDuration`),
    ...durationProblems(timeout, 100, 30_000, '100ms to 30s', `${path}.timeout`),
  ];
  if (problems.length > 0 || isProblems(endpoint) || secret.problem !== undefined) return problems;
  return {
    endpoint,
    clientId: clientID,
    clientSecret: secret.id,
    locations,
    forward,
    issuer: spec.issuer ?? '',
    audiences: spec.audiences ?? [],
    requiredScopes: spec.requiredScopes ?? [],
    claimToHeaders,
    cacheDuration: parseDuration(cacheDuration) ?? 0,
    timeout: parseDuration(timeout) ?? 0,
  };
}
