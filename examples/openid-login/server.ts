/** An OpenID provider for the demo (npm oidc-provider), at https://localhost:3003 with `make run`: whoever logs in there is who they say. */
import { createOpenIdProvider } from '../../pkg/testkit/openid.ts';
import type { ExampleServer } from '../server.ts';

export async function startServer(port: number): Promise<ExampleServer> {
  const provider = await createOpenIdProvider(port);
  const shop = ['https://shop.localhost', 'https://shop.localhost:8443'];
  provider.open(
    {
      client_id: 'shop',
      client_secret: 'of the client at the provider',
      redirect_uris: shop.map((origin) => `${origin}/oauth2/callback`),
      post_logout_redirect_uris: shop.map((origin) => `${origin}/`),
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    },
    600,
  );
  return { port: Number(new URL(provider.issuer).port), close: () => provider.close() };
}
