/** One route for each policy in the state in which it is asked most: everything known, nothing refused. For the scenario and the micro-benchmark. */
import { Buffer } from 'node:buffer';
import { createHash, generateKeyPairSync, randomBytes, sign } from 'node:crypto';
import { createKey, hashOfKey } from '../pkg/policy/authentication/apikey-format.ts';
import type { ClientCertificate } from '../pkg/policy/runtime.ts';
import { hmacKey } from '../pkg/policy/signedurls/key.ts';
import { signQuery } from '../pkg/policy/signedurls/sign.ts';
import type { Manifest } from './estate.ts';
import type { Proof } from './policy-check.ts';
import { type ServicePorts, serviceCases } from './policy-service-cases.ts';

export interface PolicyCase {
  /** Of the HTTPRoute, and the first label of its host. */
  readonly name: string;
  /** The block `policies`; null for a route without. */
  readonly policies: object | null;
  /** What the block refers to. */
  readonly objects?: readonly Manifest[];
  /** Header lines that its requests have beside a browser's. */
  readonly fields?: readonly string[];
  /** With the question mark. */
  readonly query?: string;
  /** Body of its requests, which are POST then. */
  readonly json?: string;
  /** What the client's certificate says; in one thread only, since the load generator has none. */
  readonly certificate?: ClientCertificate;
  /** Every request waits for something: by sockets only. */
  readonly waits?: true;
  /** What it is compared with; absent: `bare`. */
  readonly against?: string;
  readonly proof: Proof;
  /** CPU per request against a route without policies. */
  readonly atMost?: number;
}

/** What the others are compared with. */
export const bare = 'bare';

const Namespace = 'bench';
const Entries = 10_000;
const served: Proof = { shows: '200\n' };
const unauthenticated: Proof = { shows: '401\n' };

export function policyHost(name: string): string {
  return `${name}.bench.example`;
}

export function policyCases(ports: ServicePorts): readonly PolicyCase[] {
  const token = jwt();
  return [
    { name: bare, policies: null, proof: served },
    // What the token costs by itself: it is read and forwarded.
    { name: 'bare-with-token', policies: null, proof: served, fields: [`Authorization: Bearer ${token.text}`] },
    {
      name: 'jwt',
      proof: unauthenticated,
      atMost: 1.25,
      fields: [`Authorization: Bearer ${token.text}`],
      policies: {
        authentication: {
          methods: [
            {
              name: 'corp',
              type: 'JWT',
              jwt: {
                issuer: token.issuer,
                audiences: ['orders'],
                localJWKS: { type: 'Inline', inline: token.keys },
                claimToHeaders: [{ header: 'X-User', claim: 'sub' }],
              },
            },
          ],
        },
      },
    },
    apiKey(),
    basic(),
    {
      name: 'authorization',
      proof: { method: 'DELETE', shows: '403\n' },
      policies: {
        authorization: {
          defaultAction: 'Deny',
          rules: [
            { name: 'readers', action: 'Allow', when: 'request.method == "GET" && request.path.startsWith("/p")' },
          ],
        },
      },
    },
    ipList(),
    {
      name: 'cors',
      proof: {
        headers: { origin: 'https://app.example.com' },
        shows: 'access-control-allow-origin: https://app.example.com',
      },
      atMost: 1.1,
      fields: ['Origin: https://app.example.com'],
      policies: {
        cors: { allowOrigins: ['https://app.example.com', 'https://*.example.org'], allowCredentials: true },
      },
    },
    {
      name: 'csrf',
      proof: { method: 'DELETE', headers: { 'sec-fetch-site': 'cross-site' }, shows: '403\n' },
      fields: ['Sec-Fetch-Site: same-origin'],
      policies: { csrf: {} },
    },
    {
      name: 'request-limits',
      proof: { method: 'DELETE', shows: '405\n' },
      policies: { requestLimits: { bodySize: '1Mi', headerCount: 60, urlLength: 2048, methods: ['GET', 'POST'] } },
    },
    signedUrl(),
    {
      name: 'security-headers',
      proof: { shows: 'x-frame-options: ' },
      policies: { securityHeaders: { preset: 'Strict' } },
    },
    {
      name: 'response-overrides',
      // The origin breaks off.
      proof: { path: '/p00/-1', shows: '\nlater' },
      policies: {
        responseOverrides: {
          rules: [{ statuses: ['5xx'], type: 'Response', response: { contentType: 'text/plain', body: 'later' } }],
        },
      },
    },
    // The answer is shorter than what is compressed.
    {
      name: 'compression',
      proof: { path: '/p00/5000', headers: { 'accept-encoding': 'gzip' }, shows: 'content-encoding: gzip' },
      policies: { compression: {} },
    },
    {
      name: 'headers',
      proof: { shows: 'x-served-by: edge' },
      atMost: 1.1,
      policies: {
        requestHeaders: { set: [{ name: 'X-Tier', value: 'gold' }], remove: ['X-Debug'] },
        responseHeaders: { add: [{ name: 'X-Served-By', value: 'edge' }], remove: ['X-Request-Cost'] },
      },
    },
    {
      name: 'transform',
      proof: { path: '/p00/head', shows: 'X-Client-Address: 127.0.0.1' },
      atMost: 1.1,
      policies: {
        transform: {
          request: {
            headers: {
              set: [
                { name: 'X-Tier', value: 'gold' },
                { name: 'X-Client-Address', expression: 'client.address' },
              ],
              remove: ['X-Debug'],
            },
          },
        },
      },
    },
    ...serviceCases(ports),
  ];
}

/** Manifests of all of them but the routes, which are as everywhere (`targets/gateway.ts`). */
export function policyManifests(cases: readonly PolicyCase[]): readonly Manifest[] {
  return cases.flatMap(({ name, policies, objects = [] }) =>
    policies === null
      ? []
      : [
          ...objects,
          {
            apiVersion: 'gateway.suuupra.io/v1alpha1',
            kind: 'GatewayPolicy',
            metadata: { name, namespace: Namespace },
            spec: { targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name }], policies },
          },
        ],
  );
}

/** RS256, as most issuers sign, of 0.7 KB. */
function jwt(): { readonly text: string; readonly issuer: string; readonly keys: string } {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const issuer = 'https://login.example.com/';
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const now = Math.floor(Date.now() / 1000);
  const body = `${part({ alg: 'RS256', typ: 'at+jwt', kid: 'k1' })}.${part({
    iss: issuer,
    aud: ['orders'],
    sub: 'a3f1c9d2-8b70-4c55-9c1e-3f2d7a6b5e41',
    iat: now,
    exp: now + 86_400,
    jti: 'c1f7a2e9b8d34f60',
    client_id: 'storefront',
    scope: 'orders.read orders.write profile',
    roles: ['reader', 'buyer'],
  })}`;
  return {
    text: `${body}.${sign('sha256', Buffer.from(body), privateKey).toString('base64url')}`,
    issuer,
    keys: JSON.stringify({ keys: [{ ...publicKey.export({ format: 'jwk' }), kid: 'k1', use: 'sig', alg: 'RS256' }] }),
  };
}

function apiKey(): PolicyCase {
  const key = createKey({ prefix: 'gwk', id: 'k7f3a9c21', random: randomBytes });
  return {
    name: 'api-key',
    proof: unauthenticated,
    atMost: 1.15,
    fields: [`X-API-Key: ${key}`],
    policies: {
      authentication: {
        methods: [
          {
            name: 'partners',
            type: 'APIKey',
            apiKey: { selector: {}, claimToHeaders: [{ header: 'X-Partner', claim: 'sub' }] },
          },
        ],
      },
    },
    objects: [
      {
        apiVersion: 'gateway.suuupra.io/v1alpha1',
        kind: 'APIKey',
        metadata: { name: 'partner-a', namespace: Namespace },
        spec: { subject: 'partner-a', scopes: ['orders.read'], keys: [{ id: 'k7f3a9c21', hash: hashOfKey(key) }] },
      },
    ],
  };
}

function basic(): PolicyCase {
  const digest = createHash('sha1').update('wonderland').digest('base64');
  return {
    name: 'basic',
    proof: unauthenticated,
    fields: [`Authorization: Basic ${Buffer.from('alice:wonderland').toString('base64')}`],
    policies: {
      authentication: { methods: [{ name: 'staff', type: 'Basic', basic: { users: { name: 'staff', key: 'auth' } } }] },
    },
    objects: [secret('staff', { auth: `alice:{SHA}${digest}\n` })],
  };
}

/** Denies 10,000 networks, none of them the client's. */
function ipList(): PolicyCase {
  const networks = Array.from({ length: Entries }, (_, i) => `10.${i >> 8}.${i & 255}.${(i * 16) & 255}/28`);
  return {
    name: 'ip-access',
    proof: { from: '127.0.0.2', shows: '403\n' },
    atMost: 1.1,
    policies: { ipAccess: { listRef: { name: 'blocked', key: 'cidrs', action: 'Deny' } } },
    objects: [
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'blocked', namespace: Namespace },
        data: { cidrs: ['127.0.0.2', ...networks].join('\n') },
      },
    ],
  };
}

function signedUrl(): PolicyCase {
  const name = 'signed-urls';
  const text = 'gW0kM2f7Qn1Yc8tZ4vLx9RjB6sHd3EpA';
  const grant = {
    keyId: 'a',
    expires: String(Math.floor(Date.now() / 1000) + 86_400),
    notBefore: '',
    prefix: '/',
    method: '',
    ip: '',
  };
  return {
    name,
    proof: { shows: '403\n' },
    query: `?${signQuery({ host: policyHost(name), path: '/', query: '', grant }, hmacKey(text))}`,
    policies: {
      signedURLs: { keys: [{ id: 'a', algorithm: 'HMACSHA256', secretRef: { name: 'url-keys', key: 'current' } }] },
    },
    objects: [secret('url-keys', { current: text })],
  };
}

function secret(name: string, stringData: Readonly<Record<string, string>>): Manifest {
  return { apiVersion: 'v1', kind: 'Secret', metadata: { name, namespace: Namespace }, stringData };
}
