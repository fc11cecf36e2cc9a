import { X509Certificate } from 'node:crypto';
import { describe, expect, test } from '@jest/globals';
import { testCertificates } from '../../testkit/certificates.ts';
import { createExchange, run } from '../../testkit/exchange.ts';
import { testFilterEnv } from '../../testkit/filter-env.ts';
import { testPolicyContext } from '../../testkit/policy-context.ts';
import type { ClientCertificate } from '../runtime.ts';
import { isProblems } from '../translated.ts';
import type { ClientCertificateSpec } from './clientcert-spec.ts';
import { createAuthentication } from './filter.ts';
import { translateAuthentication } from './translate.ts';

const certificate: ClientCertificate = {
  raw: Buffer.from('not a certificate, but long enough to need two lines of base64 in a PEM'),
  subject: 'CN=alice,O=Example\\, Inc.',
  issuer: 'CN=ca',
  dnsNames: ['Shop.example.com', 'b.other.example'],
  uris: ['spiffe://prod/ns/shop/sa/orders'],
  emails: ['alice@example.com'],
  fingerprint: 'ab'.repeat(32),
  serialNumber: '0A1B',
};

type Spec = Partial<ClientCertificateSpec>;

function translated(spec: Spec, allowAnonymous = false) {
  const clientCertificate = { subjectFrom: 'Subject' as const, ...spec };
  return translateAuthentication(
    { require: 'Any', allowAnonymous, methods: [{ name: 'mesh', type: 'ClientCertificate', clientCertificate }] },
    'spec',
    testPolicyContext(),
  );
}

function filter(spec: Spec, allowAnonymous = false) {
  const config = translated(spec, allowAnonymous);
  if (isProblems(config)) throw new Error(JSON.stringify(config));
  return createAuthentication(JSON.parse(JSON.stringify(config)), testFilterEnv());
}

/** The subject, or why it was refused. */
async function outcome(spec: Spec, more: Partial<ClientCertificate> = {}): Promise<string | undefined> {
  const seen = await run(filter(spec), { clientCertificate: { ...certificate, ...more } });
  return seen.denied ?? seen.identity?.subject;
}

describe('who is asking', () => {
  test('is told with all that the certificate says', async () => {
    const seen = await run(filter({}), { clientCertificate: certificate });
    expect(seen.identity).toEqual({
      method: 'ClientCertificate',
      provider: 'mesh',
      subject: 'CN=alice,O=Example\\, Inc.',
      tenant: '',
      scopes: [],
      roles: [],
      claims: {
        sub: 'CN=alice,O=Example\\, Inc.',
        subject: 'CN=alice,O=Example\\, Inc.',
        issuer: 'CN=ca',
        serial: '0A1B',
        fingerprint: 'ab'.repeat(32),
        cn: 'alice',
        dns: certificate.dnsNames,
        uri: certificate.uris,
        email: certificate.emails,
      },
    });
  });

  test.each([
    ['CommonName', 'alice'],
    ['DNS', 'shop.example.com'],
    ['URI', 'spiffe://prod/ns/shop/sa/orders'],
    ['SPIFFE', 'spiffe://prod/ns/shop/sa/orders'],
    ['Email', 'alice@example.com'],
    ['Fingerprint', 'ab'.repeat(32)],
  ] as const)('comes from %s', async (subjectFrom, subject) => {
    expect(await outcome({ subjectFrom })).toBe(subject);
  });

  test.each<[string, Spec, Partial<ClientCertificate>]>([
    ['without a subject', {}, { subject: '' }],
    ['without a common name', { subjectFrom: 'CommonName' }, { subject: 'O=a' }],
    ['with a common name within another attribute', { subjectFrom: 'CommonName' }, { subject: 'O=a\\,CN=alice' }],
    ['with two common names', { subjectFrom: 'CommonName' }, { subject: 'CN=alice,CN=root' }],
    ['without a DNS name', { subjectFrom: 'DNS' }, { dnsNames: [] }],
    ['with two SPIFFE IDs', { subjectFrom: 'SPIFFE' }, { uris: ['spiffe://prod/a', 'spiffe://prod/b'] }],
    ['with a SPIFFE ID that climbs', { subjectFrom: 'SPIFFE' }, { uris: ['spiffe://prod/a/../b'] }],
    ['with a SPIFFE ID in upper case', { subjectFrom: 'SPIFFE' }, { uris: ['spiffe://PROD/a'] }],
    ['with a line break in a name', {}, { subject: 'CN=a\r\nx-admin: 1' }],
  ])('%s is 401', async (_, spec, more) => {
    expect(await outcome(spec, more)).toBe('unauthenticated');
  });

  test('is nobody without a certificate: 401, or anonymous where that is allowed', async () => {
    expect((await run(filter({}))).denied).toBe('unauthenticated');
    expect(await run(filter({}, true))).toMatchObject({ denied: undefined, identity: null });
  });
});

describe('allow', () => {
  test.each<[string, Spec['allow'], boolean]>([
    ['a DNS name', [{ type: 'DNS', value: 'SHOP.example.com' }], true],
    ['a DNS name one label below', [{ type: 'DNS', value: '*.example.com' }], true],
    ['not a DNS name two labels below', [{ type: 'DNS', value: '*.com' }], false],
    ['not the domain itself', [{ type: 'DNS', value: '*.shop.example.com' }], false],
    ['a path of a trust domain', [{ type: 'SPIFFE', value: 'spiffe://prod/ns/shop/*' }], true],
    ['not a path that begins alike', [{ type: 'SPIFFE', value: 'spiffe://prod/ns/sho/*' }], false],
    ['not another trust domain', [{ type: 'SPIFFE', value: 'spiffe://prod2/ns/shop/*' }], false],
    ['a fingerprint as openssl prints it', [{ type: 'Fingerprint', value: Array(32).fill('AB').join(':') }], true],
    ['a whole subject', [{ type: 'Subject', value: 'CN=alice,O=Example\\, Inc.' }], true],
    ['not a part of a subject', [{ type: 'Subject', value: 'CN=alice' }], false],
    ['a common name', [{ type: 'CommonName', value: 'alice' }], true],
    [
      'one of two',
      [
        { type: 'CommonName', value: 'bob' },
        { type: 'Email', value: 'alice@example.com' },
      ],
      true,
    ],
  ])('%s', async (_, allow = [], allowed) => {
    expect(await outcome({ allow })).toBe(allowed ? certificate.subject : 'forbidden');
  });

  test.each([
    'urn:a:b/../c',
    'https://a/x/..',
    'https://a/x/%2e%2E/b',
    'https://a/x/..%2fb',
    'https://a/x/',
    'https://a/x\\..\\b',
  ])('below a URI %s is not', async (uri) => {
    expect(
      await outcome(
        {
          allow: [
            { type: 'URI', value: 'https://a/x/*' },
            { type: 'URI', value: 'urn:a:b/*' },
          ],
        },
        { uris: [uri] },
      ),
    ).toBe('forbidden');
  });

  test('a certificate of several names acts as the one that is allowed', async () => {
    const allow = [{ type: 'DNS' as const, value: '*.other.example' }];
    expect(await outcome({ subjectFrom: 'DNS', allow })).toBe('b.other.example');
  });
});

describe('what the backend gets', () => {
  const spec: Spec = {
    claimToHeaders: [{ header: 'X-User', claim: 'cn' }],
    certificateHeaders: [
      { header: 'X-Forwarded-Client-Cert', format: 'XFCC' },
      { header: 'Client-Cert', format: 'ClientCert' },
      { header: 'X-SSL-Cert', format: 'PEM' },
    ],
  };
  const spoofed = {
    'x-user': 'root',
    'x-forwarded-client-cert': 'Hash=1',
    X_Forwarded_Client_Cert: 'Hash=1',
    'client-cert': ':AA==:',
    'x-ssl-cert': 'x',
  };

  test('is of the certificate, whatever the client sends', async () => {
    const seen = await run(filter(spec), { clientCertificate: certificate, headers: spoofed });
    const [user, xfcc, der, pem, ...rest] = seen.requestHeaders;
    expect(rest).toEqual([]);
    expect(user).toBe('X-User: alice');
    expect(xfcc).toBe(
      `X-Forwarded-Client-Cert: Hash=${'ab'.repeat(32)};Subject="CN=alice,O=Example\\\\, Inc.";URI=spiffe://prod/ns/shop/sa/orders;DNS=Shop.example.com;DNS=b.other.example`,
    );
    expect(der).toBe(`Client-Cert: :${Buffer.from(certificate.raw).toString('base64')}:`);
    expect(pem).toMatch(/^X-SSL-Cert: -----BEGIN%20CERTIFICATE-----%0A/);
  });

  test('is nothing of an anonymous client', async () => {
    expect((await run(filter(spec, true), { headers: spoofed })).requestHeaders).toEqual([]);
  });

  test('cannot be forged by names in the certificate', async () => {
    const clientCertificate = {
      ...certificate,
      subject: 'CN=a";URI=spiffe://prod/root',
      uris: ['urn:x;Hash=1,By=2'],
      dnsNames: [],
    };
    const seen = await run(filter(spec), { clientCertificate });
    expect(seen.requestHeaders[1]).toBe(
      `X-Forwarded-Client-Cert: Hash=${'ab'.repeat(32)};Subject="CN=a\\";URI=spiffe://prod/root";URI="urn:x;Hash=1,By=2"`,
    );
  });

  test('a PEM is one that others can read', async () => {
    const { raw } = new X509Certificate(testCertificates().default.certificate);
    const seen = await run(filter(spec), { clientCertificate: { ...certificate, raw } });
    const pem = decodeURIComponent((seen.requestHeaders[3] ?? '').slice('X-SSL-Cert: '.length));
    expect(new X509Certificate(pem).raw.equals(raw)).toBe(true);
  });
});

test('a connection is judged once', () => {
  const one = filter({});
  let reads = 0;
  const counted = {
    ...certificate,
    get subject() {
      reads++;
      return certificate.subject;
    },
  };
  for (let i = 0; i < 3; i++) void one.onRequest?.(createExchange({ clientCertificate: counted }).exchange);
  const after = reads;
  for (let i = 0; i < 3; i++) void one.onRequest?.(createExchange({ clientCertificate: counted }).exchange);
  expect(reads).toBe(after);
});

test.each<[string, Spec, string]>([
  ['a DNS pattern with a star within', { allow: [{ type: 'DNS', value: 'a.*.b' }] }, 'allow[0].value'],
  ['a URI pattern without a slash', { allow: [{ type: 'URI', value: 'https://a/x*' }] }, 'allow[0].value'],
  ['a SPIFFE ID that is none', { allow: [{ type: 'SPIFFE', value: 'prod/ns' }] }, 'allow[0].value'],
  ['a SHA-1 fingerprint', { allow: [{ type: 'Fingerprint', value: 'ab'.repeat(20) }] }, 'allow[0].value'],
  [
    'one header for two things',
    {
      claimToHeaders: [{ header: 'X-Cert', claim: 'cn' }],
      certificateHeaders: [{ header: 'x_cert', format: 'XFCC' }],
    },
    'certificateHeaders[0].header',
  ],
  [
    'a header that frames',
    { certificateHeaders: [{ header: 'Transfer-Encoding', format: 'PEM' }] },
    'certificateHeaders[0].header',
  ],
])('%s is a problem', (_, spec, path) => {
  expect(translated(spec)).toMatchObject([
    { path: `spec.methods[0].clientCertificate.${path}`, reason: 'UnsupportedValue' },
  ]);
});
