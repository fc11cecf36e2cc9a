/** Data-plane half of security headers: on every response, those of the gateway itself among them. */
import type { RequestView, RuntimeFilter } from '../runtime.ts';
import type { SecurityHeadersConfig } from './schema.ts';

const StrictTransportSecurity = 'Strict-Transport-Security';

export function createSecurityHeaders(config: SecurityHeadersConfig): RuntimeFilter {
  const { hsts, override } = config;
  const fields = config.fields.map(([name, value]) => ({ name, lower: name.toLowerCase(), value }));
  return {
    onResponse: ({ request, response }) => {
      const { headers } = response;
      for (const name of config.remove) headers.remove(name);
      for (const { name, lower, value } of fields) if (override || !headers.has(lower)) headers.set(name, value);
      if (hsts === null || (!override && headers.has('strict-transport-security'))) return;
      if (isSecure(request)) headers.set(StrictTransportSecurity, hsts);
    },
  };
}

// RFC 6797 7.2: "An HSTS Host MUST NOT include the STS header field in HTTP responses conveyed over non-secure transport."
function isSecure({ scheme, headers }: RequestView): boolean {
  // A trusted proxy before us may have ended TLS; from anybody else the field is what the gateway itself says.
  return scheme === 'https' || headers.get('x-forwarded-proto')?.toLowerCase() === 'https';
}
