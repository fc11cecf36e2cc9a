/** Data-plane half of CORS: answers preflights, and marks responses to allowed origins. */
import { originMatcher } from '../origins.ts';
import type { HeaderView, RuntimeFilter } from '../runtime.ts';
import type { CorsConfig } from './schema.ts';

export function createCors(config: CorsConfig): RuntimeFilter {
  const listed = originMatcher(config);
  // Where the answer depends on the origin, a cache must know, also when the origin was refused.
  const varies = !config.anyOrigin || config.credentials;

  const allows = (origin: string): boolean => config.anyOrigin || listed(origin);

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
      if (varies) addVary(response.headers);
      const origin = request.headers.get('origin');
      if (origin === undefined) return;
      // The gateway's answer replaces the backend's, whatever that allowed.
      const allowed = allows(origin);
      if (allowed) response.headers.set('access-control-allow-origin', varies ? origin : '*');
      else response.headers.remove('access-control-allow-origin');
      if (allowed && config.credentials) response.headers.set('access-control-allow-credentials', 'true');
      else response.headers.remove('access-control-allow-credentials');
      if (!allowed) return;
      if (config.expose !== '') response.headers.set('access-control-expose-headers', config.expose);
    },
  };
}

function addVary(headers: HeaderView): void {
  const vary = headers.get('vary');
  if (vary === undefined || !/(?:^|,)\s*(?:origin|\*)\s*(?:,|$)/i.test(vary)) headers.add('Vary', 'Origin');
}
