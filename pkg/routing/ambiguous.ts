/**
 * Paths that backends read in more than one way, and rules that differ by it. `/admin;x=1` is another path than `/admin` by RFC 3986 and to nginx, and
 * the same one to Tomcat and Spring, which drop parameters: beside a guarded `/admin`, an open rule for `/` would let it past the guard.
 */
import type { CompiledMatch } from './match.ts';
import { type MatchInput, Misdirected, type SocketTable } from './table.ts';

/**
 * Whether another rule than that of `match` would serve the request, or none, if its path were one of `readings`.
 * A match that spells out a parameter or an escape means the path as it stands.
 * @param readings of `canonicalPath`
 */
export function isAmbiguous(
  socket: SocketTable,
  request: MatchInput,
  servername: string | null,
  match: CompiledMatch,
  readings: readonly string[],
): boolean {
  if (/[;%]/.test(match.path.value)) return false;
  return readings.some((path) => {
    const other = socket.match(withPath(request, path), servername);
    return (
      other === undefined ||
      other === Misdirected ||
      other.rule.route !== match.rule.route ||
      other.rule.index !== match.rule.index
    );
  });
}

function withPath(request: MatchInput, path: string): MatchInput {
  return {
    method: request.method,
    host: request.host,
    path,
    header: (name) => request.header(name),
    queryParam: (name) => request.queryParam(name),
    cookie: (name) => request.cookie(name),
  };
}
