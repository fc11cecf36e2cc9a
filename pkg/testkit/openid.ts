/** A real OpenID provider (npm oidc-provider) over HTTPS on localhost, whose clients are said later: the gateway needs its address first. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { ClientMetadata } from 'oidc-provider';
import { testCertificates } from './certificates.ts';

export interface OpenIdProvider {
  readonly issuer: string;
  /** PEM. */
  readonly authority: string;
  /** `POST /token`, in order; and `a refresh token is revoked`. */
  readonly asked: string[];
  /** From now on requests are answered; until then they wait. @param seconds that an access token is good for */
  open(client: ClientMetadata, seconds: number): void;
  /** Refuses every connection. */
  close(): Promise<void>;
}

/** @param port 0 lets the system choose */
export async function createOpenIdProvider(port = 0): Promise<OpenIdProvider> {
  // It warns of what a provider must not be in production, and of every Node that is no LTS.
  const { warn, info } = console;
  Object.assign(console, { warn: () => undefined, info: () => undefined });
  const { Provider } = await import('oidc-provider');
  const { certificate, key } = testCertificates().localhost;
  const asked: string[] = [];
  const ready = Promise.withResolvers<(request: IncomingMessage, response: ServerResponse) => Promise<void>>();
  const server = createServer({ cert: certificate, key }, (request, response) => {
    asked.push(`${request.method} ${new URL(request.url ?? '', 'https://localhost').pathname}`);
    void ready.promise.then((handle) => handle(request, response));
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  });
  const issuer = `https://localhost:${(server.address() as AddressInfo).port}`;
  return {
    issuer,
    authority: certificate,
    asked,
    open(client, seconds) {
      const provider = new Provider(issuer, {
        clients: [client],
        cookies: { keys: ['a key of the test'] },
        claims: { openid: ['sub'], email: ['email'] },
        conformIdTokenClaims: false,
        scopes: ['openid', 'email', 'offline_access'],
        findAccount: (_, id) => ({ accountId: id, claims: () => ({ sub: id, email: `${id}@a.test` }) }),
        ttl: {
          AccessToken: seconds,
          IdToken: 3600,
          RefreshToken: 3600,
          Session: 3600,
          Grant: 3600,
          Interaction: 600,
        },
        rotateRefreshToken: true,
        pkce: { required: () => true },
        features: { revocation: { enabled: true } },
      });
      provider.on('refresh_token.destroyed', () => void asked.push('a refresh token is revoked'));
      provider.on('server_error', (_, error) => void process.stderr.write(`${error.stack}\n`));
      ready.resolve(provider.callback());
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
      Object.assign(console, { warn, info });
    },
  };
}
