/** Data-plane half of CORS: answers preflights, and marks responses to allowed origins. */
import { originMatcher } from '../origins.ts';
import { type PreparedFields, prepareFields } from '../prepared-fields.ts';
import { Recent } from '../recent.ts';
import type { HeaderView, RuntimeFilter } from '../runtime.ts';
import type { CorsConfig } from './schema.ts';

/** Origins whose fields are kept: nearly all requests are of few, and a wildcard allows any number. */
const Remembered = 256;
const Credentials = 'access-control-allow-credentials';
const varyOrigin = ['Vary', 'Origin'] as const;

export function createCors(config: CorsConfig): RuntimeFilter {
  const listed = originMatcher(config);
  // Where the answer depends on the origin, a cache must know, also when the origin was refused.
  const varies = !config.anyOrigin || config.credentials;

  const allows = (origin: string): boolean => config.anyOrigin || listed(origin);
  const marks = new Recent<Marks>(Remembered);

  /** @returns what answers to an origin say; null for one that is not allowed */
  const marksOf = (origin: string): Marks | null => {
    const shown = varies ? origin : '*';
    const known = marks.get(shown);
    if (known !== undefined) return known;
    if (!allows(origin)) return null;
    const lines = [
      ['access-control-allow-origin', shown],
      ...(config.credentials ? [[Credentials, 'true'] as const] : []),
      ...(config.expose === '' ? [] : [['access-control-expose-headers', config.expose] as const]),
    ] as const;
    const made = { plain: prepareFields(lines), varying: prepareFields([varyOrigin, ...lines]) };
    marks.set(shown, made);
    return made;
  };

  return {
    // A preflight carries no credentials by design, so it is answered here, before authentication sees it.
    onRequest: (exchange) => {
      const { request } = exchange;
      if (request.method !== 'OPTIONS') return;
      const origin = request.headers.get('origin');
      const method = request.headers.get('access-control-request-method');
      if (origin === undefined || method === undefined) return;
      // A refused origin learns nothing; the browser reads the missing Access-Control-Allow-Origin as a no.
      if (!allows(origin)) {
        exchange.respond({ status: 204, headers: {}, body: '' });
        return;
      }
      const headers = config.headers ?? request.headers.get('access-control-request-headers') ?? '';
      exchange.respond({
        status: 204,
        headers: {
          'access-control-allow-methods': config.methods ?? method,
          ...(headers !== '' && { 'access-control-allow-headers': headers }),
          'access-control-max-age': config.maxAge,
        },
        body: '',
      });
    },

    // Runs for local replies too: a browser shows a 401 or 429 to its page only if they carry these.
    onResponse: ({ request, response }) => {
      const { headers } = response;
      const origin = request.headers.get('origin');
      const allowed = origin === undefined ? null : marksOf(origin);
      const marksVary = varies && !headers.has('vary');
      if (varies && !(marksVary && allowed !== null)) addVary(headers);
      if (origin === undefined) return;
      // The gateway's answer replaces the backend's, whatever that allowed.
      if (allowed === null) headers.remove('access-control-allow-origin');
      if (allowed === null || !config.credentials) headers.remove(Credentials);
      if (allowed !== null) headers.setAll(marksVary ? allowed.varying : allowed.plain);
    },
  };
}

interface Marks {
  readonly plain: PreparedFields;
  /** With `Vary: Origin`, for an answer that has no Vary yet. */
  readonly varying: PreparedFields;
}

function addVary(headers: HeaderView): void {
  const vary = headers.get('vary');
  if (vary === undefined || !/(?:^|,)\s*(?:origin|\*)\s*(?:,|$)/i.test(vary)) headers.add('Vary', 'Origin');
}
