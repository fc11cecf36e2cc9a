/** Control-plane half of API keys: takes the hashes of the selected objects, so that a revoked key is gone with one change of configuration. */
import type { APIKey } from '../../api/apikey.ts';
import { matchesSelector } from '../../api/selector.ts';
import type { PolicyContext } from '../context.ts';
import type { Translated } from '../translated.ts';
import type { ApiKeyConfig, KeyOwner } from './apikey-schema.ts';
import type { ApiKeySpec } from './apikey-spec.ts';
import { credentialProblems, locationsOf } from './credential-translate.ts';
import type { TokenLocations } from './jwt-schema.ts';

/** @param path where `spec` stands in its object, for messages */
export function translateApiKey(spec: ApiKeySpec, path: string, context: PolicyContext): Translated<ApiKeyConfig> {
  const locations = locationsOf(spec.extractFrom, 'x-api-key', '');
  const { claimToHeaders = [], requiredScopes = [], forward, selector } = spec;
  const problems = credentialProblems(locations, claimToHeaders, path);
  if (problems.length > 0) return problems;
  // Of this namespace alone: nobody else may let clients in here, nor is let in elsewhere.
  const selected = context.list('APIKey').filter(({ metadata }) => matchesSelector(selector, metadata.labels));
  return {
    locations,
    forward,
    scheme: schemeOf(locations),
    requiredScopes,
    claimToHeaders,
    tenant: context.namespace,
    source: { kind: 'objects', owners: selected.filter(({ spec: { suspended } }) => !suspended).map(ownerOf) },
  };
}

function ownerOf({ spec }: APIKey): KeyOwner {
  return {
    subject: spec.subject,
    scopes: spec.scopes ?? [],
    metadata: spec.metadata ?? {},
    keys: spec.keys.map(({ id, hash, notBefore, expires }) => ({
      id,
      hash: hash.slice('sha256:'.length),
      notBefore: notBefore === undefined ? 0 : Date.parse(notBefore),
      expires: expires === undefined ? 0 : Date.parse(expires),
    })),
  };
}

/** RFC 9110 11.6.1: a challenge names a scheme. Where the key has one in Authorization, it is that. */
export function schemeOf({ headers }: TokenLocations): string {
  const scheme = headers.find(({ name }) => name === 'authorization')?.prefix.trim() ?? '';
  return /^[\w-]+$/.test(scheme) ? scheme : 'ApiKey';
}
