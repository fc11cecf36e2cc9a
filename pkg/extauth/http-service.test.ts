/** External authorization by HTTP, over the real proxy: a service with the contract of oauth2-proxy, one of Gateway API's, and broken ones. */
import { createServer, type Server } from 'node:net';
import { afterEach, describe, expect, test } from '@jest/globals';
import { Value } from 'typebox/value';
import type { HTTPExternalAuthFilter } from '../api/httproute.ts';
import type { Filter } from '../ir/filter.ts';
import { type AuthenticationSpec, authenticationSchema } from '../policy/authentication/spec.ts';
import type { RuntimeFilter } from '../policy/runtime.ts';
import { isProblems } from '../policy/translated.ts';
import { translateFilters, translatePolicy } from '../policy/translators.ts';
import { get, post, Stage, transports } from '../proxy/suite.ts';
import { openClient } from '../testkit/client.ts';
import type { Message } from '../testkit/message.ts';
import { createOrigin, type Origin, reply } from '../testkit/origin.ts';
import { createTestProxy, type TestProxy } from '../testkit/proxy.ts';
import { until } from '../testkit/until.ts';
import { type HttpAnswer, type HttpService, startHttpService } from './http-service.testing.ts';
import { protectedBy, toService } from './proxied.testing.ts';

const stage = new Stage();
afterEach(() => stage.close());

const [, [, transport]] = transports as readonly [unknown, (typeof transports)[number]];

function method(externalAuth: object, http: object = {}): Filter {
  const spec = {
    methods: [
      {
        name: 'sso',
        type: 'ExternalAuth',
        externalAuth: {
          protocol: 'HTTP',
          backendRef: { name: 'a', port: 80 },
          http: { path: '/oauth2/auth', ...http },
          ...externalAuth,
        },
      },
    ],
  };
  const whole = Value.Default(authenticationSchema, structuredClone(spec)) as AuthenticationSpec;
  const filter = translatePolicy('authentication', whole, 'spec', toService);
  if (isProblems(filter)) throw new Error(JSON.stringify(filter));
  return filter;
}

function routeFilter(externalAuth: Partial<HTTPExternalAuthFilter>): Filter {
  const backendRef = { group: '', kind: 'Service', name: 'a', port: 80 };
  const spec = { protocol: 'HTTP' as const, backendRef, http: {}, ...externalAuth };
  const result = translateFilters([{ type: 'ExternalAuth', externalAuth: spec }], 'filters', toService);
  if (isProblems(result)) throw new Error(JSON.stringify(result));
  return result.filters[0]!;
}

interface Bench {
  readonly proxy: TestProxy;
  readonly service: HttpService;
  readonly origin: Origin;
  readonly ask: (bytes: string) => Promise<Message>;
}

async function bench(filter: Filter, answer?: HttpAnswer): Promise<Bench> {
  const origin = stage.own(await createOrigin((request) => reply(request.startLine)));
  const service = stage.own(await startHttpService(answer));
  const proxy = stage.own(await createTestProxy({ transport, ...protectedBy([filter], [origin.port, service.port]) }));
  const ask = async (bytes: string): Promise<Message> => {
    const client = stage.own(await openClient(proxy.port));
    client.send(bytes);
    return client.message();
  };
  return { proxy, service, origin, ask };
}

const code = (message: Message): string => message.startLine.split(' ')[1] ?? '';
const valid = 'Cookie: _oauth2_proxy=valid';

describe('oauth2-proxy', () => {
  const allowedResponseHeaders = ['X-Auth-Request-User', 'X-Auth-Request-Email'];

  test('lets a session pass, and tells the backend whose it is', async () => {
    const { service, origin, ask } = await bench(method({}, { allowedResponseHeaders }));
    const spoofed = ['X-Auth-Request-User: root', 'X_Auth_Request_Email: root', 'X-Original-URL: http://evil.test/'];
    const answer = await ask(get('/orders?a=1', valid, ...spoofed));
    expect(answer.startLine).toBe('HTTP/1.1 200 OK');
    expect(origin.requests[0]?.header('x-auth-request-user')).toBe('ada');
    expect(origin.requests[0]?.raw.toString()).not.toContain('root');
    expect(service.seen).toMatchObject([
      {
        method: 'GET',
        url: '/oauth2/auth',
        body: '',
        headers: {
          host: 'a.shop:80',
          cookie: '_oauth2_proxy=valid',
          'x-original-url': 'http://example.com/orders?a=1',
          'x-original-method': 'GET',
          'x-auth-request-redirect': '/orders?a=1',
          'x-real-ip': '127.0.0.1',
          'x-forwarded-for': '127.0.0.1',
          'x-request-id': expect.any(String),
        },
      },
    ]);
    expect(Object.keys(service.seen[0]!.headers)).not.toContain('x-forwarded-proto');
  });

  test('gives the client the cookies of a session that was renewed', async () => {
    const { ask } = await bench(method({}));
    const answer = await ask(get('/', 'Cookie: _oauth2_proxy=ending'));
    expect(answer.startLine).toBe('HTTP/1.1 200 OK');
    expect(answer.fields.filter(([name]) => name === 'Set-Cookie').map(([, value]) => value)).toEqual([
      '_oauth2_proxy_0=a; Path=/; HttpOnly; Secure',
      '_oauth2_proxy_1=b; Path=/; HttpOnly; Secure',
    ]);
  });

  test('cookies of one request are not given to the next of the connection', async () => {
    const { proxy } = await bench(method({}));
    const client = stage.own(await openClient(proxy.port));
    client.send(get('/', 'Cookie: _oauth2_proxy=ending') + get('/', valid));
    expect((await client.message()).header('set-cookie')).toContain('_oauth2_proxy_0');
    expect((await client.message()).header('set-cookie')).toBeUndefined();
  });

  test('cookies of one client are not given to another, whose request an earlier policy refuses', async () => {
    const origin = stage.own(await createOrigin(() => null));
    const service = stage.own(await startHttpService());
    const options = protectedBy([method({})], [origin.port, service.port]);
    // The proxy uses the exchange of a client that has gone again.
    const gate: RuntimeFilter = {
      onRequest: (exchange) => void (exchange.request.path === '/denied' && exchange.deny('address-denied')),
    };
    const rules = options.rules!.map((rule) => ({ ...rule, filters: ['gate', ...rule.filters!] }));
    const proxy = stage.own(await createTestProxy({ ...options, transport, rules, runtimeFilters: { gate } }));
    const first = await openClient(proxy.port);
    first.send(get('/', 'Cookie: _oauth2_proxy=ending'));
    await until(() => origin.requests.length === 1);
    first.close();
    await proxy.recorded(1);
    const other = stage.own(await openClient(proxy.port));
    other.send(get('/denied'));
    const answer = await other.message();
    expect([code(answer), answer.header('set-cookie')]).toEqual(['403', undefined]);
  });

  test('refuses who has no session, and a browser goes to the login', async () => {
    const { origin, ask } = await bench(method({}, { signinURL: 'https://auth.example.com/oauth2/start' }));
    const refused = await ask(get('/'));
    expect([code(refused), refused.body.toString()]).toEqual(['401', 'Unauthorized']);
    const login = await ask(get('/a?b=c', 'Sec-Fetch-Mode: navigate'));
    expect(code(login)).toBe('302');
    expect(login.header('location')).toBe('https://auth.example.com/oauth2/start?rd=http://example.com%2Fa%3Fb%3Dc');
    expect(origin.requests).toHaveLength(0);
  });

  test('refuses members of no group', async () => {
    const { origin, ask } = await bench(method({}, { path: '/oauth2/auth?allowed_groups=admin' }));
    expect(code(await ask(get('/', valid)))).toBe('403');
    expect(origin.requests).toHaveLength(0);
  });

  test('at a path that is none decides nothing', async () => {
    const { origin, ask } = await bench(method({}, { path: '/auth' }));
    expect(code(await ask(get('/', valid)))).toBe('503');
    expect(origin.requests).toHaveLength(0);
  });

  test('sees the body where it wants it, and so does the backend', async () => {
    const { service, origin, ask } = await bench(method({ forwardBody: { maxSize: '8' } }));
    expect(code(await ask(post('12345678', valid)))).toBe('200');
    expect(service.seen).toMatchObject([{ method: 'POST', body: '12345678', headers: { 'content-length': '8' } }]);
    expect(origin.requests[0]?.body.toString()).toBe('12345678');
  });

  test.each([
    ['with its length', post('123456789', valid)],
    [
      'in chunks',
      ['POST / HTTP/1.1', 'Host: a', valid, 'Transfer-Encoding: chunked', '', '9', '123456789', '0', '', ''].join(
        '\r\n',
      ),
    ],
  ])('is not asked about a longer body %s: 413', async (_, bytes) => {
    const { service, origin, ask } = await bench(method({ forwardBody: { maxSize: '8' } }));
    expect(code(await ask(bytes))).toBe('413');
    expect([service.seen.length, origin.requests.length]).toEqual([0, 0]);
  });
});

describe('a service that is broken', () => {
  const broken: readonly (readonly [string, HttpAnswer])[] = [
    ['says nothing', () => undefined],
    ['goes away', (_, response) => void response.destroy()],
    [
      'cuts its answer',
      (_, response) => {
        response.writeHead(200, { 'content-length': '10' }).write('123');
        setImmediate(() => response.destroy());
      },
    ],
    ['never ends', (_, response) => void response.writeHead(200, { 'content-length': '10' }).write('123')],
    ['says too much', (_, response) => void response.writeHead(200).end('x'.repeat(300_000))],
    ['has an error', (_, response) => void response.writeHead(500).end('{"allowed":true}')],
    ['speaks another protocol', (_, response) => void response.socket?.end('SSH-2.0-x\r\n')],
    [
      'changes the protocol',
      (_, response) => void response.socket?.write('HTTP/1.1 101 Ok\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
    ],
  ];

  test.each(broken)('%s: 503, and nothing is forwarded', async (_, answer) => {
    const { origin, ask } = await bench(method({ timeout: '200ms' }), answer);
    expect(code(await ask(get('/', valid)))).toBe('503');
    expect(origin.requests).toHaveLength(0);
  });

  test('is not there: 503, and nothing is forwarded', async () => {
    const { service, origin, ask } = await bench(method({ statusOnError: 403 }));
    await service.close();
    expect(code(await ask(get('/', valid)))).toBe('403');
    expect(origin.requests).toHaveLength(0);
  });

  test('that redirects is not followed', async () => {
    const other: Server = createServer(() => {
      throw new Error('followed');
    });
    await new Promise<void>((resolve) => void other.listen(0, '127.0.0.1', resolve));
    stage.own({ close: () => void other.close() });
    const location = `http://127.0.0.1:${(other.address() as { port: number }).port}/`;
    const { origin, ask } = await bench(method({}), (_, response) => void response.writeHead(302, { location }).end());
    const answer = await ask(get('/', valid));
    expect([code(answer), answer.header('location')]).toEqual(['302', location]);
    expect(origin.requests).toHaveLength(0);
  });
});

/** `security-and-reliability.md` 2.4: spellings of `/admin` beside a public `/public`. */
const spellings = [
  '/admin',
  '//admin',
  '/./admin',
  '/%61dmin',
  '/public/../admin',
  '/public/%2e%2e/admin',
  '/public/%2E./admin',
  '/public/..%2fadmin',
  '/public%2f..%2fadmin',
  '/public/..;/admin',
  '/public/..;x=1/admin',
  '/public/.;/..;/admin',
  '/public/..%5cadmin',
  '/public/%252e%252e/admin',
  '/public/..%252fadmin',
  '/admin%00',
  '/admin%2500',
  '/admin%0a',
  '/admin/',
  '/admin/.',
  '/admin%2f',
  '/x/../admin/keys',
  '/adm%C0%AEin',
  'http://example.com//admin',
];

describe.each([
  ['the method', () => method({}, { path: '/check' })],
  ['the filter', () => routeFilter({})],
])('whatever a path is spelled like, with %s', (name, make) => {
  test.each(spellings)('%s does not pass a service that guards /admin', async (path) => {
    // As naive as a service may be: it compares the beginning.
    const guard: HttpAnswer = ({ url, headers }, response) => {
      const shown = name === 'the method' ? new URL(String(headers['x-original-url'])).pathname : url;
      response.writeHead(shown.startsWith('/admin') ? 403 : 200).end();
    };
    const { origin, ask } = await bench(make(), guard);
    expect(['400', '403']).toContain(code(await ask(get(path))));
    expect(origin.requests).toHaveLength(0);
    expect(code(await ask(get('/public/a')))).toBe('200');
  });
});

describe('the filter of Gateway API', () => {
  const only200: HttpAnswer = ({ url }, response) => {
    const status = Number(/status=(\d+)/.exec(url)?.[1] ?? 200);
    response.writeHead(status, {
      'x-user': 'ada',
      'x-forwarded-for': '6.6.6.6',
      'content-type': 'text/x',
      'set-cookie': 'a=b',
    });
    response.end(status === 200 ? '' : 'no');
  };

  test('asks with the path of the client behind the prefix, its method, and what must be sent', async () => {
    const { service, ask } = await bench(
      routeFilter({ http: { path: '/authz/', allowedHeaders: ['x-tenant'] } }),
      only200,
    );
    await ask(get('/orders?a=1', 'Authorization: Bearer t', 'Cookie: a=b', 'X-Tenant: acme', 'Accept: */*'));
    expect(service.seen).toHaveLength(1);
    const { method, url, headers } = service.seen[0]!;
    expect([method, url]).toEqual(['GET', '/authz/orders?a=1']);
    expect(headers).toEqual({
      host: 'a.shop:80',
      authorization: 'Bearer t',
      'x-tenant': 'acme',
    });
  });

  test('copies every header that is for a backend, or those that are listed', async () => {
    const all = await bench(routeFilter({}), only200);
    await all.ask(get('/', 'X-User: root'));
    const [seen] = all.origin.requests;
    expect(seen?.header('x-user')).toBe('ada');
    expect(seen?.header('x-forwarded-for')).toBe('127.0.0.1');
    expect([seen?.header('content-type'), seen?.header('set-cookie')]).toEqual([undefined, undefined]);
    const none = await bench(routeFilter({ http: { allowedResponseHeaders: ['x-other'] } }), only200);
    await none.ask(get('/', 'X-User: root', 'X-Other: root'));
    expect([none.origin.requests[0]?.header('x-user'), none.origin.requests[0]?.header('x-other')]).toEqual([
      'root',
      undefined,
    ]);
  });

  test.each([
    [200, '200', 'GET /?status=200 HTTP/1.1'],
    [201, '403', ''],
    [204, '403', ''],
    [401, '401', 'no'],
    [403, '403', 'no'],
    [404, '404', 'no'],
    [429, '429', 'no'],
  ])('%i of the service gives the client %s', async (status, expected, body) => {
    const { origin, ask } = await bench(routeFilter({}), only200);
    const answer = await ask(get(`/?status=${status}`));
    expect([code(answer), answer.body.toString()]).toEqual([expected, body]);
    expect(origin.requests).toHaveLength(status === 200 ? 1 : 0);
  });

  test('500 of the service is no decision', async () => {
    const { origin, ask } = await bench(routeFilter({}), only200);
    const answer = await ask(get('/?status=500'));
    expect([code(answer), answer.body.toString().includes('policy-unavailable')]).toEqual(['503', true]);
    expect(origin.requests).toHaveLength(0);
  });

  test('sends the body, and refuses a longer one', async () => {
    const { service, origin, ask } = await bench(routeFilter({ forwardBody: { maxSize: 4 } }), only200);
    expect(code(await ask(post('1234')))).toBe('200');
    expect(code(await ask(post('12345')))).toBe('413');
    expect(service.seen.map(({ method, body }) => [method, body])).toEqual([['POST', '1234']]);
    expect(origin.requests.map(({ body }) => body.toString())).toEqual(['1234']);
  });

  test('stands behind the method of a policy, as one more check', async () => {
    const origin = stage.own(await createOrigin((request) => reply(request.startLine)));
    const service = stage.own(
      await startHttpService(
        ({ url }, response) => void response.writeHead(url.startsWith('/oauth2') ? 200 : 403).end(),
      ),
    );
    const filters = [method({}), routeFilter({})];
    const proxy = stage.own(await createTestProxy(protectedBy(filters, [origin.port, service.port])));
    const client = stage.own(await openClient(proxy.port));
    client.send(get('/orders'));
    expect(code(await client.message())).toBe('403');
    expect(service.seen.map(({ url }) => url)).toEqual(['/oauth2/auth', '/orders']);
    expect(origin.requests).toHaveLength(0);
  });
});
