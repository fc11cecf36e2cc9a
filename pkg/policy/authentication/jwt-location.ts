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
    const found = afterPrefix(headers.get(name), prefix);
    if (found !== undefined && found !== keep) headers.remove(name);
  }
  for (const name of locations.cookies) if ((request.cookie(name) ?? keep) !== keep) stripCookie(request, name);
  const params = locations.params.filter((name) => (request.queryParam(name) ?? keep) !== keep);
  if (params.length > 0) request.setForwardQuery(withoutParams(request.forwardQuery, params));
  stripWebSocketToken(locations, request);
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
  if (prefix !== '' && value.slice(0, prefix.length).toLowerCase() !== prefix) return undefined;
  return value.slice(prefix.length).trim();
}

function webSocketToken(prefix: string, { headers }: RequestView): string | undefined {
  const offered = headers.get('sec-websocket-protocol');
  const protocol = offered === undefined ? undefined : protocolsOf(offered).find((one) => one.startsWith(prefix));
  return protocol?.slice(prefix.length);
}

function protocolsOf(value: string): readonly string[] {
  return value.split(',').map((protocol) => protocol.trim());
}

function stripCookie({ headers }: RequestView, name: string): void {
  const cookies = headers.get('cookie');
  if (cookies === undefined) return;
  const rest = cookies.split(';').filter((cookie) => (cookie.split('=', 1)[0] ?? '').trim() !== name);
  if (rest.length === 0) headers.remove('cookie');
  else headers.set('Cookie', rest.map((cookie) => cookie.trim()).join('; '));
}

function withoutParams(query: string, names: readonly string[]): string {
  const rest = query
    .slice(1)
    .split('&')
    .filter((pair) => !names.includes(decoded(pair.split('=', 1)[0] ?? '')));
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
