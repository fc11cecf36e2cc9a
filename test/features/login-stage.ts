/** A provider, an app behind the gateway, and the policy that lets only users of the one see the other. */
import { testCertificates } from '../../pkg/testkit/certificates.ts';
import { createOpenIdProvider, type OpenIdProvider } from '../../pkg/testkit/openid.ts';
import type { Browser, Page } from './browser.ts';
import { createEcho } from './echo.ts';
import { type Feature, startFeature } from './feature.ts';
import { gatewayClass, gatewayManifest, redisClass, services } from './folder.ts';

export interface LoginStage {
  readonly provider: OpenIdProvider;
  readonly feature: Feature;
  /** `https://app.localhost:PORT` */
  readonly app: string;
  stop(): Promise<void>;
}

const secret = 'a secret: with % and +';

/**
 * @param goodFor seconds that an access token is good for; it is refreshed when four fifths are over
 * @param redis where sessions are kept; null: in cookies
 */
export async function startLogin(goodFor: number, redis: string | null = null): Promise<LoginStage> {
  const provider = await createOpenIdProvider();
  const origin = await createEcho('one', 'Set-Cookie: own=1');
  const feature = await startFeature({ 'all.yaml': manifests(provider, origin.port, redis) }, { workers: 2 });
  const app = `https://app.localhost:${feature.gateway.port(443)}`;
  provider.open(
    {
      client_id: 'app',
      client_secret: secret,
      redirect_uris: [`${app}/oauth2/callback`],
      post_logout_redirect_uris: [`${app}/bye`],
      grant_types: ['authorization_code', 'refresh_token'],
      response_types: ['code'],
    },
    goodFor,
  );
  return {
    provider,
    feature,
    app,
    async stop() {
      await feature.stop();
      await origin.close();
      await provider.close();
    },
  };
}

/** Opens a page and logs in as ada. @returns where that leads */
export async function logIn({ app, provider }: LoginStage, browser: Browser, path: string): Promise<Page> {
  const form = await browser.open(app + path);
  if (form.url.origin !== provider.issuer) throw new Error(`not sent to the provider, but to ${form.url.href}`);
  const consent = await browser.submit(form, { login: 'ada', password: 'x' });
  return browser.submit(consent);
}

function manifests({ issuer, authority }: OpenIdProvider, originPort: number, redis: string | null): string {
  const { certificate, key } = testCertificates().localhost;
  const encoded = (text: string): string => Buffer.from(text).toString('base64');
  const listener = '{ name: https, port: 443, protocol: HTTPS, tls: { certificateRefs: [{ name: tls }] } }';
  const kept = redis === null ? gatewayClass : redisClass(redis);
  return `${kept}---
${gatewayManifest('public', `[${listener}]`)}${services({ one: originPort })}---
apiVersion: v1
kind: Secret
metadata: { name: tls }
type: kubernetes.io/tls
data: { tls.crt: ${encoded(certificate)}, tls.key: ${encoded(key)} }
---
apiVersion: v1
kind: Secret
metadata: { name: oidc }
data: { secret: ${encoded(secret)}, cookies: ${encoded('0123456789abcdef'.repeat(4))} }
---
apiVersion: v1
kind: ConfigMap
metadata: { name: ca }
data: { ca.crt: ${JSON.stringify(authority)} }
---
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayRoute
metadata: { name: app }
spec: { parentRefs: [{ name: public }], rules: [{ backendRefs: [{ name: one, port: 8080 }] }] }
---
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayPolicy
metadata: { name: app }
spec:
  targetRefs: [{ group: gateway.suuupra.io, kind: GatewayRoute, name: app }]
  policies:
    authentication:
      methods:
        - name: sso
          type: OIDC
          oidc:
            issuer: ${issuer}
            caCertificateRef: { name: ca }
            clientID: app
            clientSecret: { name: oidc, key: secret }
            scopes: [email, offline_access]
            parameters: [{ name: prompt, value: consent }]
            afterLogoutPath: /bye
            session: { keys: [{ name: oidc, key: cookies }], store: ${redis === null ? 'Cookie' : 'Redis'} }
            forwardAccessToken: true
            idTokenHeader: X-Id-Token
            claimToHeaders: [{ header: X-User, claim: sub }, { header: X-Email, claim: email }]
`;
}
