/** One guard of each kind that can refuse, with what lets a request pass it: what the attack grid and the shadow tests put before a rule. */
import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { startGrpcService } from '../../pkg/extauth/grpc-service.testing.ts';
import { oauth2Proxy, startHttpService } from '../../pkg/extauth/http-service.testing.ts';
import { createKey, hashOfKey } from '../../pkg/policy/authentication/apikey-format.ts';
import { jwkOf, rsa, token } from '../../pkg/policy/authentication/tokens.testing.ts';
import { hmacKey } from '../../pkg/policy/signedurls/key.ts';
import { signQuery } from '../../pkg/policy/signedurls/sign.ts';
import { testCertificates } from '../../pkg/testkit/certificates.ts';
import { services } from '../features/folder.ts';

export interface Guard {
  /** Label of its hosts. */
  readonly name: string;
  /** Block `policies`, as JSON. */
  readonly policies: Readonly<Record<string, object>>;
  /** What an entitled client sends. */
  readonly fields: readonly string[];
  /** Query that makes a request good, without the question mark; `''` for none. @param host of the request */
  readonly query: (host: string) => string;
  /** Status of a request without both. */
  readonly refusal: number;
  /** Stands on the whole route: it knows `/admin` when it is shown it, and lets the open rule's requests pass. */
  readonly judges?: true;
}

const { certificate, key: privateKey } = testCertificates().localhost;
const urlKey = 'gW0kM2f7Qn1Yc8tZ4vLx9RjB6sHd3EpA';
const apiKey = createKey({ prefix: 'gwk', id: 'one1', random: (size) => new Uint8Array(size).fill(1) });
const issuer = 'https://login.test/';
const inAnHour = (): number => Math.floor(Date.now() / 1000) + 3600;

/** A token that the guard `jwt` takes. */
export function goodToken(more: object = {}): string {
  return token(
    { alg: 'RS256', kid: 'a' },
    { iss: issuer, sub: 'ada', exp: inAnHour(), ...more },
    'RS256',
    rsa.privateKey,
  );
}

export const jwtMethod = {
  name: 'corp',
  type: 'JWT',
  jwt: {
    issuer,
    localJWKS: { type: 'Inline', inline: JSON.stringify({ keys: [jwkOf(rsa, { kid: 'a' })] }) },
    claimToHeaders: [{ header: 'X-User', claim: 'sub' }],
  },
};

const bearer = (): string => `Authorization: Bearer ${goodToken()}`;
const basic = `Authorization: Basic ${Buffer.from('ada:opensesame').toString('base64')}`;
const authentication = (method: object): Guard['policies'] => ({ authentication: { methods: [method] } });
const ticket = 'X-Ticket: good';
const unsigned = (): string => '';

/** Servers that guards ask, by what they are; each with its port. */
export type GuardPorts = Readonly<Record<'introspection' | 'sso' | 'opa', number>>;

export function guards(ports: GuardPorts): readonly Guard[] {
  const guard = (name: string, policies: Guard['policies'], fields: readonly string[], refusal: number): Guard => ({
    name,
    policies,
    fields,
    refusal,
    query: unsigned,
  });
  const endpoint = { uri: `https://localhost:${ports.introspection}/introspect`, caCertificateRef: { name: 'ca' } };
  const opaque = { clientID: 'gateway', clientSecret: { name: 'guards', key: 'password' }, endpoint };
  const asked = (protocol: string, name: string, how: object) =>
    authentication({
      name,
      type: 'ExternalAuth',
      externalAuth: { protocol, backendRef: { name, port: 8080 }, ...how },
    });
  return [
    guard('jwt', authentication(jwtMethod), [bearer()], 401),
    guard(
      'apikey',
      authentication({ name: 'partners', type: 'APIKey', apiKey: { selector: {} } }),
      [`X-Api-Key: ${apiKey}`],
      401,
    ),
    guard(
      'basic',
      authentication({ name: 'staff', type: 'Basic', basic: { users: { name: 'guards', key: 'users' } } }),
      [basic],
      401,
    ),
    guard(
      'introspection',
      authentication({ name: 'opaque', type: 'Introspection', introspection: opaque }),
      ['Authorization: Bearer opaque-1'],
      401,
    ),
    guard(
      'external-http',
      asked('HTTP', 'sso', { http: { path: '/oauth2/auth' } }),
      ['Cookie: _oauth2_proxy=valid'],
      401,
    ),
    guard('external-grpc', asked('GRPC', 'opa', {}), [ticket], 403),
    { ...guard('judge-http', asked('HTTP', 'sso', { http: { path: '/judge' } }), [ticket], 403), judges: true },
    {
      ...guard('judge-grpc', asked('GRPC', 'opa', { grpc: { contextExtensions: { judge: 'path' } } }), [ticket], 403),
      judges: true,
    },
    // Its listener believes this client.
    guard('address', { ipAccess: { allow: ['10.0.0.0/8'] } }, ['X-Forwarded-For: 10.1.2.3'], 403),
    guard(
      'authorization',
      {
        authorization: {
          rules: [{ name: 'known', when: '"x-pass" in request.headers && request.headers["x-pass"] == "yes"' }],
        },
      },
      ['X-Pass: yes'],
      403,
    ),
    {
      name: 'signed',
      policies: {
        signedURLs: { keys: [{ id: 'k1', algorithm: 'HMACSHA256', secretRef: { name: 'guards', key: 'url' } }] },
      },
      fields: [],
      refusal: 403,
      query(host) {
        const grant = { keyId: 'k1', expires: String(inAnHour()), notBefore: '', prefix: '/', method: '', ip: '' };
        return signQuery({ host, path: '/', query: '', grant }, hmacKey(urlKey));
      },
    },
  ];
}

/** What the guards refer to, in the namespace `default`; each document begins with `---`. */
export function guardObjects({ sso, opa }: GuardPorts): string {
  const namespace = 'default';
  const sha = createHash('sha1').update('opensesame').digest('base64');
  const objects = [
    {
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'guards', namespace },
      stringData: { url: urlKey, users: `ada:{SHA}${sha}\n`, password: 's3cret' },
    },
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'ca', namespace }, data: { 'ca.crt': certificate } },
    {
      apiVersion: 'gateway.suuupra.io/v1alpha1',
      kind: 'APIKey',
      metadata: { name: 'partner', namespace },
      spec: { subject: 'partner', keys: [{ id: 'one1', hash: hashOfKey(apiKey) }] },
    },
  ];
  return objects.map((object) => `---\n${JSON.stringify(object)}\n`).join('') + services({ sso, opa }, namespace);
}

export interface GuardServers {
  readonly ports: GuardPorts;
  close(): Promise<void>;
}

export async function startGuardServers(): Promise<GuardServers> {
  const introspection = await startIntrospection();
  const sso = await startHttpService((request, response) => {
    const { url, headers } = request;
    const passes = headers['x-ticket'] === 'good' || !isAdmin(String(headers['x-original-uri']));
    if (url === '/judge') response.writeHead(passes ? 200 : 403).end();
    else oauth2Proxy(request, response);
  });
  const opa = await startGrpcService(({ attributes: { request, context_extensions: extensions } }) => {
    const { headers, path } = request.http;
    const open = extensions['judge'] === 'path' && !isAdmin(path);
    return { status: { code: headers['x-ticket'] === 'good' || open ? 0 : 7 } };
  });
  return {
    ports: { introspection: (introspection.address() as AddressInfo).port, sso: sso.port, opa: opa.port },
    async close() {
      introspection.close();
      introspection.closeAllConnections();
      opa.close();
      await sso.close();
    },
  };
}

/** As services are written: they trust the gateway to show them what the backend will see. */
const isAdmin = (target: string): boolean => /^\/admin(?:[/?]|$)/.test(target);

/** An authorization server that knows the tokens `opaque-…`. */
async function startIntrospection(): Promise<Server> {
  const server = createServer({ cert: certificate, key: privateKey }, (request, response) => {
    void text(request).then((body) => {
      const active = body.startsWith('token=opaque-');
      response.writeHead(200, { 'content-type': 'application/json' });
      response.end(JSON.stringify({ active, ...(active && { sub: 'ada' }) }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

/** YAML of a GatewayPolicy in the namespace `default`; document with its separator. */
export function policyManifest(name: string, spec: object, namespace = 'default'): string {
  const metadata = { name, namespace };
  return `---\n${JSON.stringify({ apiVersion: 'gateway.suuupra.io/v1alpha1', kind: 'GatewayPolicy', metadata, spec })}\n`;
}

/** The same of a GatewayRoute of these hosts on the Gateway `public`. */
export function gatewayRoute(
  name: string,
  hostnames: readonly string[],
  rules: readonly object[],
  namespace = 'default',
): string {
  const spec = { parentRefs: [{ name: 'public', namespace: 'default' }], hostnames, rules };
  const metadata = { name, namespace };
  return `---\n${JSON.stringify({ apiVersion: 'gateway.suuupra.io/v1alpha1', kind: 'GatewayRoute', metadata, spec })}\n`;
}

export const routeTarget = (name: string, sectionName?: string): object => ({
  group: 'gateway.suuupra.io',
  kind: 'GatewayRoute',
  name,
  ...(sectionName !== undefined && { sectionName }),
});
