import { beforeEach, describe, expect, test } from '@jest/globals';
import { type ExchangeOptions, run, type Seen } from '../../testkit/exchange.ts';
import { testFilterEnv } from '../../testkit/filter-env.ts';
import type { Call, CallResponse, RuntimeFilter } from '../runtime.ts';
import { createAuthentication } from './filter.ts';
import { configOf, jwt, type Written } from './methods.testing.ts';

interface Answer {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: string;
}

let calls: Call[];
let time: number;
let answer: (call: Call) => Answer | Error;
beforeEach(() => {
  calls = [];
  time = 0;
  answer = () => ({ status: 202 });
});

function responseOf({ status = 200, headers = {}, body = '' }: Answer): CallResponse {
  const lines = Object.entries(headers).map(([name, values]) => [name, [values].flat()] as const);
  return { status, headers: new Map(lines), body: Buffer.from(body) };
}

const spec = (changes: object = {}, http: object = {}): Written => ({
  methods: [
    {
      name: 'sso',
      type: 'ExternalAuth',
      externalAuth: {
        protocol: 'HTTP',
        backendRef: { name: 'oauth2-proxy', port: 80 },
        http: { path: '/auth', ...http },
        ...changes,
      },
    },
  ],
});

function filter(written: Written): RuntimeFilter {
  return createAuthentication(
    configOf(written),
    testFilterEnv({
      now: () => time,
      call: async (call) => {
        calls.push(call);
        const given = answer(call);
        if (Error.isError(given)) throw given;
        return responseOf(given);
      },
    }),
  );
}

const ask = (options: ExchangeOptions = {}, http: object = {}, changes: object = {}): Promise<Seen> =>
  run(filter(spec(changes, http)), options);

const failing = (code: string): Error => Object.assign(new Error(code), { code });
const navigation = { 'sec-fetch-mode': 'navigate' };

describe('the request to the service', () => {
  test('is that of ingress-nginx', async () => {
    await ask({
      method: 'POST',
      scheme: 'https',
      host: 'app.example.com',
      target: '/orders?id=1&q=a%20b',
      clientAddress: '203.0.113.9',
      headers: {
        Cookie: '_oauth2_proxy=x; a=b',
        Authorization: 'Bearer t',
        Accept: 'text/html',
        'X-Request-Id': 'r1',
        'Accept-Encoding': 'gzip',
        'If-None-Match': '"a"',
        Range: 'bytes=0-1',
        Connection: 'close',
        'Content-Length': '3',
        'Transfer-Encoding': 'chunked',
        TE: 'trailers',
        Host: 'evil.test',
      },
      body: 'abc',
    });
    expect(calls).toEqual([
      {
        cluster: 'Service/shop/oauth2-proxy:80',
        authority: 'oauth2-proxy.shop:80',
        method: 'GET',
        path: '/auth',
        headers: {
          cookie: '_oauth2_proxy=x; a=b',
          authorization: 'Bearer t',
          accept: 'text/html',
          'x-request-id': 'r1',
          'x-original-url': 'https://app.example.com/orders?id=1&q=a%20b',
          'x-original-uri': '/orders?id=1&q=a%20b',
          'x-original-method': 'POST',
          'x-scheme': 'https',
          'x-sent-from': 'nginx-ingress-controller',
          'x-real-ip': '203.0.113.9',
          'x-forwarded-for': '203.0.113.9',
          'x-forwarded-host': 'app.example.com',
          'x-auth-request-redirect': '/orders?id=1&q=a%20b',
        },
        timeout: 5000,
        maxBody: 256 * 1024,
        signal: expect.any(AbortSignal),
      },
    ]);
  });

  test.each([
    'X-Original-URL',
    'X_Original_URL',
    'X-Original-Method',
    'X-Original-URI',
    'X-Forwarded-Proto',
    'X-Forwarded-Uri',
    'X-Forwarded-Method',
    'X-Forwarded-For',
    'X_Forwarded_Host',
    'X-Real-IP',
    'Forwarded',
    'X-Scheme',
    'X-Auth-Request-Redirect',
    'ssl-client-verify',
    'ssl-client-subject-dn',
    'X-Sent-From',
  ])('carries no %s of the client', async (name) => {
    await ask({ headers: { [name]: 'spoofed' } });
    expect(JSON.stringify(calls[0]?.headers)).not.toContain('spoofed');
  });

  test('says who the certificate of the client is for', async () => {
    const clientCertificate = {
      raw: Buffer.from('der'),
      subject: 'CN=ü\r\nx-a: 1',
      issuer: 'CN=ca',
      dnsNames: [],
      uris: [],
      emails: [],
      fingerprint: 'ab',
      serialNumber: '01',
    };
    await ask({ clientCertificate, headers: { 'ssl-client-cert': 'spoofed' } });
    expect(calls[0]?.headers).toMatchObject({
      'ssl-client-verify': 'SUCCESS',
      'ssl-client-subject-dn': 'CN=Ã¼  x-a: 1',
      'ssl-client-issuer-dn': 'CN=ca',
      'ssl-client-cert': expect.stringMatching(/^-----BEGIN%20CERTIFICATE-----%0AZGVy%0A-----END/),
    });
  });

  test('carries only the headers that are listed, and Authorization', async () => {
    const headers = { Cookie: 'a=b', Authorization: 'Bearer t', 'X-Tenant': 'acme', Accept: '*/*' };
    await ask({ headers }, { allowedHeaders: ['X-Tenant'] });
    expect(calls[0]?.headers).toMatchObject({ authorization: 'Bearer t', 'x-tenant': 'acme' });
    expect(calls[0]?.headers).not.toMatchObject({ cookie: expect.anything() });
    expect(calls[0]?.headers).not.toMatchObject({ accept: expect.anything() });
  });

  test.each([
    ['//admin', '/admin', '/admin'],
    ['/admin%2Fkeys', '/admin/keys', '/admin/keys'],
    ['/a%20b', '/a b', '/a%20b'],
    ['/caf%C3%A9', '/café', '/caf%C3%A9'],
    ['/a%3Fb%23c', '/a?b#c', '/a%3Fb%23c'],
    ['/100%25', '/100%', '/100%25'],
    ["/a;b=1,2@:!$&'()*+~", "/a;b=1,2@:!$&'()*+~", "/a;b=1,2@:!$&'()*+~"],
    ['/[x]', '/[x]', '/[x]'],
  ])('shows the path %s as it is judged', async (target, path, shown) => {
    await ask({ target: `${target}?q=%2F`, path });
    expect(calls[0]?.headers['x-original-url']).toBe(`http://example.org${shown}?q=%2F`);
  });

  test.each<[{ readonly forwardBody?: string; readonly method?: string }, string, string | undefined]>([
    [{}, 'GET', undefined],
    [{ method: 'HEAD' }, 'HEAD', undefined],
    [{ method: 'Original' }, 'PUT', undefined],
    [{ forwardBody: '4' }, 'POST', 'body'],
    [{ forwardBody: '4', method: 'Original' }, 'PUT', 'body'],
  ])('with %j has method %s and body %s', async ({ forwardBody, ...http }, method, body) => {
    const changes = forwardBody === undefined ? {} : { forwardBody: { maxSize: forwardBody } };
    const seen = await ask({ method: 'PUT', body: 'body' }, http, changes);
    expect(calls[0]?.method).toBe(method);
    expect(calls[0]?.body?.toString()).toBe(body);
    expect(seen.requestBody.toString()).toBe('body');
  });

  test('is not sent for a longer body than the service may see: 413', async () => {
    const seen = await ask({ method: 'PUT', body: '12345' }, {}, { forwardBody: { maxSize: '4' } });
    expect([seen.denied, calls.length]).toEqual(['body-too-large', 0]);
  });
});

describe('an answer that lets pass', () => {
  const allowedResponseHeaders = ['X-Auth-Request-User', 'X-Groups', 'Authorization'];

  test('gives the backend the headers that are listed, whatever the client sent', async () => {
    answer = () => ({
      status: 202,
      headers: { 'x-auth-request-user': 'ada', authorization: 'Bearer new', 'x-other': 'no' },
    });
    const headers = {
      'x-auth-request-user': 'root',
      X_Groups: 'admin',
      'x-groups': 'admin',
      Authorization: 'Bearer old',
    };
    const seen = await ask({ headers }, { allowedResponseHeaders });
    expect(seen.requestHeaders).toEqual(['X-Auth-Request-User: ada', 'Authorization: Bearer new']);
    // What stands for the answer of the service does not reach it, but the credential does.
    expect(calls[0]?.headers).toMatchObject({ authorization: 'Bearer old' });
    expect(Object.keys(calls[0]!.headers)).not.toContain('x-groups');
  });

  test('says who is asking', async () => {
    const headers = { 'x-user': 'ada', 'x-groups': 'dev, Domain Users', 'x-scope': 'a b,c', 'x-org': 'acme' };
    answer = () => ({ headers });
    const identity = { subject: 'X-User', roles: 'X-Groups', scopes: 'x-scope', tenant: 'x-org' };
    expect((await ask({}, {}, { identity })).identity).toEqual({
      method: 'ExternalAuth',
      provider: 'sso',
      subject: 'ada',
      tenant: 'acme',
      scopes: ['a', 'b', 'c'],
      roles: ['dev', 'Domain Users'],
      claims: headers,
    });
  });

  test('without a name is from somebody', async () => {
    expect((await ask({}, {}, { identity: { subject: 'x-user' } })).identity?.subject).toBe('anonymous');
    expect(
      (await ask({ headers: { 'x-user': 'root' } }, {}, { identity: { subject: 'x-user' } })).identity?.subject,
    ).toBe('anonymous');
  });

  test('sets its cookies on the answer to the client, beside those of the backend', async () => {
    answer = () => ({ headers: { 'set-cookie': ['a=1; Path=/', 'b=2'] } });
    const seen = await ask({ responseHeaders: { 'Set-Cookie': 'c=3' } });
    expect(seen.responseHeaders).toEqual(['Set-Cookie: c=3', 'Set-Cookie: a=1; Path=/', 'Set-Cookie: b=2']);
  });
});

describe('an answer that refuses', () => {
  test.each([
    [401, { 'www-authenticate': ['Basic realm="a"', 'Bearer'] }, ['www-authenticate: Basic realm="a", Bearer']],
    [403, { 'x-why': 'because' }, ['x-why: because']],
    [302, { location: 'https://login.test/' }, ['location: https://login.test/']],
    [307, { location: '/login' }, ['location: /login']],
  ])('is given to the client: %i', async (status, headers, lines) => {
    const framing = { connection: 'close', 'transfer-encoding': 'chunked', 'content-length': '9', 'keep-alive': 'a' };
    answer = () => ({ status, headers: { ...headers, ...framing, 'set-cookie': ['s=1', 't=2'] }, body: 'no' });
    const seen = await ask();
    expect(seen.status).toBe(status);
    expect(seen.responseHeaders).toEqual([...lines, 'Set-Cookie: s=1', 'Set-Cookie: t=2']);
    expect(Buffer.from(seen.local?.body ?? '').toString()).toBe('no');
    expect(seen.identity).toBeNull();
  });

  test.each([
    ['an error', 500],
    ['another error', 503],
    ['a path that is not there', 404],
    ['a method that it does not like', 405],
    ['too many requests', 429],
    ['a redirect to nowhere', 302],
    ['nothing new', 304],
    ['information', 100],
    ['a number', 999],
  ])('%s is none: 503', async (_, status) => {
    answer = () => ({ status });
    const seen = await ask();
    expect([seen.denied, seen.status]).toEqual(['policy-unavailable', 503]);
    expect(seen.responseHeaders).toEqual(['Retry-After: 1']);
  });

  test.each([
    'connect-failed',
    'upstream-timeout',
    'upstream-reset',
    'upstream-invalid',
    'egress-denied',
    'no-endpoint',
  ])('there is none: %s', async (code) => {
    answer = () => failing(code);
    expect((await ask()).denied).toBe('policy-unavailable');
    expect((await ask({}, {}, { statusOnError: 403 })).denied).toBe('forbidden');
  });

  test('that ran out of time ten times is not waited for any more', async () => {
    const one = filter(spec());
    answer = () => failing('upstream-timeout');
    for (let i = 0; i < 12; i++) expect((await run(one)).denied).toBe('policy-unavailable');
    expect(calls).toHaveLength(10);
  });

  test('that failed at once ten times is asked again: it may be back', async () => {
    const one = filter(spec());
    answer = () => failing('connect-failed');
    for (let i = 0; i < 12; i++) await run(one);
    answer = () => ({ status: 200 });
    expect((await run(one)).denied).toBeUndefined();
  });
});

describe('signinURL', () => {
  const signinURL = 'https://auth.example.com/oauth2/start';
  const login = (options: ExchangeOptions, http: object = {}) => ask(options, { signinURL, ...http });
  const location = ({ responseHeaders }: Seen) =>
    responseHeaders.find((line) => line.startsWith('location: '))?.slice('location: '.length);

  beforeEach(() => {
    answer = () => ({ status: 401, headers: { 'set-cookie': '_csrf=1' }, body: 'no' });
  });

  test('takes a browser to the login, and tells it where to go on', async () => {
    const seen = await login({
      scheme: 'https',
      host: 'app.example.com',
      target: '/a b?c=d&e',
      path: '/a b',
      headers: navigation,
    });
    expect(seen.status).toBe(302);
    expect(location(seen)).toBe(`${signinURL}?rd=https://app.example.com%2Fa%20b%3Fc%3Dd%26e`);
    expect(seen.responseHeaders).toContain('cache-control: no-store');
    expect(seen.responseHeaders).toContain('Set-Cookie: _csrf=1');
  });

  test.each([
    [{ signinURL: `${signinURL}?a=b` }, `${signinURL}?a=b&rd=http://example.org%2F`],
    [{ signinURL: `${signinURL}?rd=/home` }, `${signinURL}?rd=/home`],
    [{ signinURL: '/oauth2/start' }, '/oauth2/start?rd=http://example.org%2F'],
    [{ signinRedirectParam: 'back' }, `${signinURL}?back=http://example.org%2F`],
  ])('%j', async (http, expected) => {
    expect(location(await login({ headers: navigation }, http))).toBe(expected);
  });

  test.each([
    ['a fetch', { 'sec-fetch-mode': 'cors', accept: 'text/html' }],
    ['an XMLHttpRequest', { 'x-requested-with': 'XMLHttpRequest', accept: 'text/html' }],
    ['who does not read HTML', { accept: 'application/json' }],
    ['curl', {}],
  ])('%s gets 401', async (_, headers) => {
    expect((await login({ headers })).status).toBe(401);
  });

  test('is not for 403', async () => {
    answer = () => ({ status: 403 });
    expect((await login({ headers: navigation })).status).toBe(403);
  });
});

describe('beside other methods', () => {
  const service = spec().methods[0]!;
  const other = jwt({ sharedSecret: { name: 'keys', key: 'hs' }, algorithms: ['HS256'] });
  const context = { secrets: { 'keys/hs': 'x'.repeat(32) } };

  test('is asked when they find no credential', async () => {
    const config = configOf({ methods: [other, service] }, context);
    const both = createAuthentication(
      config,
      testFilterEnv({ secrets: { 'Secret/shop/keys/hs': 'x'.repeat(32) }, call: () => responseOf({ status: 200 }) }),
    );
    expect((await run(both)).identity?.method).toBe('ExternalAuth');
    // A bad credential of another kind is never passed over.
    expect((await run(both, { headers: { authorization: 'Bearer x.y.z' } })).denied).toBe('unauthenticated');
  });
});

test('an answer that is used again gives all that was said', async () => {
  const cache = { cookies: ['sid'], ttl: '10s' };
  const one = filter(spec({ cache, identity: { subject: 'x-user' } }, { allowedResponseHeaders: ['x-user'] }));
  answer = () => ({ headers: { 'x-user': 'ada' } });
  for (let i = 0; i < 3; i++) {
    const seen = await run(one, { headers: { cookie: 'sid=1', 'x-user': 'root' } });
    expect(seen.requestHeaders).toEqual(['cookie: sid=1', 'x-user: ada']);
    expect(seen.identity?.subject).toBe('ada');
  }
  expect(calls).toHaveLength(1);
  // Others wait for it too: it is not given up with the client that came first.
  expect(calls[0]?.signal).toBeUndefined();
  time = 10_000;
  await run(one, { headers: { cookie: 'sid=1' } });
  expect(calls).toHaveLength(2);
});
