/** Data-plane half of security headers: on every response, those of the gateway itself among them. */
import { prepareFields } from '../prepared-fields.ts';
import type { RequestView, RuntimeFilter } from '../runtime.ts';
import type { SecurityHeadersConfig } from './schema.ts';

export function createSecurityHeaders({ fields, hsts, remove, override }: SecurityHeadersConfig): RuntimeFilter {
  const plain = prepareFields(fields);
  const secure = hsts === null ? plain : prepareFields([...fields, ['Strict-Transport-Security', hsts]]);
  return {
    onResponse: ({ request, response }) => {
      const { headers } = response;
      for (const name of remove) headers.remove(name);
      const prepared = secure !== plain && isSecure(request) ? secure : plain;
      if (override) headers.setAll(prepared);
      else headers.fillIn(prepared);
    },
  };
}

// RFC 6797 7.2: "An HSTS Host MUST NOT include the STS header field in HTTP responses conveyed over non-secure transport."
function isSecure({ scheme, headers }: RequestView): boolean {
  // A trusted proxy before us may have ended TLS; from anybody else the field is what the gateway itself says.
  return scheme === 'https' || headers.get('x-forwarded-proto')?.toLowerCase() === 'https';
}
