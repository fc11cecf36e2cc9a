/** Where in a request a token stands, and how it is taken out again. */
import type { RequestView } from '../runtime.ts';
import type { TokenLocations } from './jwt-schema.ts';

/** The first place that holds anything decides, whatever the others hold; undefined if none does. */
export function findToken(locations: TokenLocations, request: RequestView): string | undefined {
  for (const { name, prefix } of locations.headers) {
    const found = afterPrefix(request.headers.get(name), prefix);
    if (found !== undefined) return found;
  }
  for (const name of locations.cookies) {
    const found = request.cookie(name);
    if (found !== undefined && found !== '') return found;
  }
  for (const name of locations.params) {
    const found = request.queryParam(name);
    if (found !== undefined && found !== '') return found;
  }
  return locations.webSocketPrefix === '' ? undefined : webSocketToken(locations.webSocketPrefix, request);
}

/** The request showed a good token: whether the backend gets it. No other token does, wherever it stands: a backend may look there first. */
export function forwardToken(locations: TokenLocations, request: RequestView, forward: 'Keep' | 'Strip'): void {
  const { headers, cookies, params } = locations;
  if (forward === 'Strip') stripTokens(locations, request);
  else if (headers.length > 1 || cookies.length + params.length > 0)
    stripTokens(locations, request, findToken(locations, request));
  // One header, which holds one value, has no room for another token.
  else stripWebSocketToken(locations, request);
}

/**
 * Takes tokens out of what is forwarded.
 * @param keep a token that stays where it stands; `''` for none
 */
export function stripTokens(locations: TokenLocations, request: RequestView, keep = ''): void {
  const { headers } = request;
  for (const { name, prefix } of locations.headers) {
    // A field of its own goes, whatever it holds: it need not be read.
    if (prefix === '' && keep === '') {
      headers.remove(name);
      continue;
    }
    const value = headers.get(name);
    if (afterPrefix(value, prefix) !== undefined && !holds(locations, name, value, keep)) headers.remove(name);
  }
  for (const name of locations.cookies) if (request.cookie(name) !== undefined) stripCookie(request, name, keep);
  if (locations.params.length > 0) {
    const { forwardQuery } = request;
    const rest = withoutParams(forwardQuery, locations.params, keep);
    if (rest !== forwardQuery) request.setForwardQuery(rest);
  }
  stripWebSocketToken(locations, request);
}

/** Whether the header holds this very token, by any of its prefixes. */
function holds({ headers }: TokenLocations, name: string, value: string | undefined, token: string): boolean {
  return token !== '' && headers.some((place) => place.name === name && afterPrefix(value, place.prefix) === token);
}

/** The subprotocol with a token is never forwarded: a backend that chose it would send the token back. */
export function stripWebSocketToken({ webSocketPrefix }: TokenLocations, { headers }: RequestView): void {
  const offered = webSocketPrefix === '' ? undefined : headers.get('sec-websocket-protocol');
  if (offered === undefined) return;
  const rest = protocolsOf(offered).filter((protocol) => !protocol.startsWith(webSocketPrefix));
  if (rest.length === 0) headers.remove('sec-websocket-protocol');
  else headers.set('Sec-WebSocket-Protocol', rest.join(', '));
}

// RFC 9110 11.1: the scheme is compared without case, and `1*SP` stands behind it.
function afterPrefix(value: string | undefined, prefix: string): string | undefined {
  if (value === undefined || value.length < prefix.length) return undefined;
  const start = value.slice(0, prefix.length).toLowerCase();
  if (prefix !== '' && start !== prefix && !isSpacedAlike(start, prefix)) return undefined;
  return value.slice(prefix.length).trim();
}

/**
 * Whether only white space differs: many backends cut `Bearer<tab>token` as well. To them it is a token, so it must be one to us, or it would
 * pass as no credential at all.
 */
function isSpacedAlike(start: string, prefix: string): boolean {
  return /\s$/.test(prefix) && start.replace(anySpace, ' ') === prefix.replace(anySpace, ' ');
}

// Python has NEL (0x85) among white space, too.
const anySpace = /[\s\x85]+$/;

function webSocketToken(prefix: string, { headers }: RequestView): string | undefined {
  const offered = headers.get('sec-websocket-protocol');
  const protocol = offered === undefined ? undefined : protocolsOf(offered).find((one) => one.startsWith(prefix));
  return protocol?.slice(prefix.length);
}

function protocolsOf(value: string): readonly string[] {
  return value.split(',').map((protocol) => protocol.trim());
}

/** All of the name: of two cookies or parameters a backend may take the other one. @param keep as above */
function stripCookie({ headers }: RequestView, name: string, keep: string): void {
  const cookies = (headers.get('cookie') ?? '').split(';');
  const rest = cookies.filter((cookie) => {
    const [own = '', ...value] = cookie.split('=');
    return own.trim() !== name || (keep !== '' && unquoted(value.join('=').trim()) === keep);
  });
  if (rest.length === cookies.length) return;
  if (rest.length === 0) headers.remove('cookie');
  else headers.set('Cookie', rest.map((cookie) => cookie.trim()).join('; '));
}

function unquoted(value: string): string {
  return value.length > 1 && value.startsWith('"') && value.endsWith('"') ? value.slice(1, -1) : value;
}

function withoutParams(query: string, names: readonly string[], keep: string): string {
  const pairs = query.slice(1).split('&');
  const rest = pairs.filter((pair) => {
    const [name = '', ...value] = pair.split('=');
    return !names.includes(decoded(name)) || (keep !== '' && decoded(value.join('=')) === keep);
  });
  if (rest.length === pairs.length) return query;
  return rest.length === 0 ? '' : `?${rest.join('&')}`;
}

function decoded(text: string): string {
  const spaced = text.replaceAll('+', ' ');
  try {
    return decodeURIComponent(spaced);
  } catch {
    return spaced;
  }
}
