/** Data-plane half of redirects: answers with an absolute Location and never forwards. */
import { createPathReplacement } from '../path-replacement.ts';
import type { Exchange, RuntimeFilter } from '../runtime.ts';
import type { RedirectConfig } from './schema.ts';

const wellKnown = { http: 80, https: 443 } as const;

export function createRedirect(config: RedirectConfig): RuntimeFilter {
  const replace = config.path === undefined ? undefined : createPathReplacement(config.path);

  const portOf = (exchange: Exchange): number => {
    if (config.port !== undefined) return config.port;
    // HTTPRequestRedirectFilter.port: "If redirect scheme is not-empty, the redirect port MUST be the well-known port associated
    // with the redirect scheme. [...] If redirect scheme is empty, the redirect port MUST be the Gateway Listener port."
    return config.scheme === undefined ? exchange.request.listenerPort : wellKnown[config.scheme];
  };

  return {
    onRequest: (exchange) => {
      const { request } = exchange;
      if (config.exemptPrefixes.some((prefix) => request.path.startsWith(prefix))) return;

      const hostname = config.hostname ?? request.host;
      const path = replace === undefined ? request.forwardPath : replace(exchange);
      // An HTTP/1.0 request without Host gives nothing to point to, and a Location with an empty host would be another site.
      if (hostname === '' || path === '') {
        exchange.respond({
          status: 400,
          headers: { 'content-type': 'text/plain' },
          body: 'no redirect can be made of this request\n',
        });
        return;
      }
      const scheme = config.scheme ?? request.scheme;
      const port = portOf(exchange);
      // "Implementations SHOULD NOT add the port number in the 'Location' header [when] HTTP port 80 [or] HTTPS port 443".
      const authority = port === wellKnown[scheme] ? hostname : `${hostname}:${port}`;
      // A credential that a policy has taken out of the query is not for another host, whoever has written the route.
      const query = hostname === request.host ? request.query : request.forwardQuery;
      exchange.respond({
        status: config.status,
        headers: { location: `${scheme}://${authority}${path}${query}` },
        body: '',
      });
    },
  };
}
