/** Checks that several methods share: where a credential stands, and the headers that say who is asking. */
import { parseDuration } from '../../api/duration.ts';
import type { Problem } from '../../status/problem.ts';
import { unsupported } from '../translated.ts';
import type { ClaimHeader } from './claim-header.ts';
import { headerProblems } from './identity-header.ts';
import type { TokenLocations } from './jwt-schema.ts';

interface ExtractFrom {
  readonly headers?: readonly { readonly name: string; readonly valuePrefix?: string }[];
  readonly cookies?: readonly string[];
  readonly params?: readonly string[];
}

export const nowhere: TokenLocations = { headers: [], cookies: [], params: [], webSocketPrefix: '' };

/** @param header where it is looked for by default, lower case */
export function locationsOf(spec: ExtractFrom | undefined, header: string, prefix: string): TokenLocations {
  if (spec === undefined) return { ...nowhere, headers: [{ name: header, prefix }] };
  return {
    headers: (spec.headers ?? []).map(({ name, valuePrefix = '' }) => ({
      name: name.toLowerCase(),
      prefix: valuePrefix.toLowerCase(),
    })),
    cookies: spec.cookies ?? [],
    params: spec.params ?? [],
    webSocketPrefix: '',
  };
}

/** @param path of the method's member */
export function credentialProblems(
  locations: TokenLocations,
  claimToHeaders: readonly ClaimHeader[],
  path: string,
): readonly Problem[] {
  const { headers, cookies, params } = locations;
  const none = headers.length + cookies.length + params.length === 0;
  return [
    ...(none ? [unsupported(`${path}.extractFrom`, 'names no place; name one, or remove extractFrom')] : []),
    ...identityHeaderProblems(claimToHeaders, locations, path),
  ];
}

/** @param locations headers that the credential is read from */
export function identityHeaderProblems(
  claimToHeaders: readonly ClaimHeader[],
  locations: Pick<TokenLocations, 'headers'>,
  path: string,
): readonly Problem[] {
  return headerProblems(
    claimToHeaders.map(({ header }) => header),
    locations.headers.map(({ name }) => name),
    (i) => `${path}.claimToHeaders[${i}].header`,
  );
}

/**
 * @param least ms
 * @param range the same in words: `0s to 1h`
 */
export function durationProblems(
  text: string,
  least: number,
  most: number,
  range: string,
  path: string,
): readonly Problem[] {
  const value = parseDuration(text);
  if (value !== undefined && value >= least && value <= most) return [];
  return [unsupported(path, `${text} is not from ${range}`)];
}
