/** External authorization by gRPC, over the real proxy, against a service of another implementation. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { Value } from 'typebox/value';
import type { HTTPExternalAuthFilter } from '../api/httproute.ts';
import type { Filter } from '../ir/filter.ts';
import { type AuthenticationSpec, authenticationSchema } from '../policy/authentication/spec.ts';
import { isProblems } from '../policy/translated.ts';
import { translateFilters, translatePolicy } from '../policy/translators.ts';
import { get, post, Stage } from '../proxy/suite.ts';
import { openClient } from '../testkit/client.ts';
import type { Message } from '../testkit/message.ts';
import { createOrigin, type Origin, reply } from '../testkit/origin.ts';
import { createTestProxy } from '../testkit/proxy.ts';
import { type GrpcService, type SeenCheck, startGrpcService } from './grpc-service.testing.ts';
import { protectedBy, toService } from './proxied.testing.ts';

const stage = new Stage();
afterEach(() => stage.close());

function method(changes: object = {}): Filter {
  const externalAuth = { protocol: 'GRPC', backendRef: { name: 'a', port: 80 }, ...changes };
  const spec = { methods: [{ name: 'opa', type: 'ExternalAuth', externalAuth }] };
  const whole = Value.Default(authenticationSchema, structuredClone(spec)) as AuthenticationSpec;
  const filter = translatePolicy('authentication', whole, 'spec', toService);
  if (isProblems(filter)) throw new Error(JSON.stringify(filter));
  return filter;
}

function routeFilter(changes: Partial<HTTPExternalAuthFilter> = {}): Filter {
  const backendRef = { group: '', kind: 'Service', name: 'a', port: 80 };
  const externalAuth = { protocol: 'GRPC' as const, backendRef, grpc: {}, ...changes };
  const result = translateFilters([{ type: 'ExternalAuth', externalAuth }], 'filters', toService);
  if (isProblems(result)) throw new Error(JSON.stringify(result));
  return result.filters[0]!;
}

interface Bench {
  readonly service: GrpcService;
  readonly origin: Origin;
  readonly ask: (bytes: string) => Promise<Message>;
}

async function bench(filter: Filter, answer?: GrpcService['answer']): Promise<Bench> {
  const origin = stage.own(await createOrigin((request) => reply(request.startLine, 'Set-Cookie: own=1')));
  const service = stage.own(await startGrpcService(answer));
  const proxy = stage.own(await createTestProxy(protectedBy([filter], [origin.port, service.port])));
  const ask = async (bytes: string): Promise<Message> => {
    const client = stage.own(await openClient(proxy.port));
    client.send(bytes);
    return client.message();
  };
  return { service, origin, ask };
}

const code = (message: Message): string => message.startLine.split(' ')[1] ?? '';
const header = (key: string, value: string, more: object = {}) => ({ header: { key, value }, ...more });
const ok = (okResponse: object, more: object = {}) => ({ status: { code: 0 }, ok_response: okResponse, ...more });
const denied = (deniedResponse: object, status: object = { code: 7 }) => ({ status, denied_response: deniedResponse });
const makes = [
  ['the method', method],
  ['the filter', routeFilter],
] as const;

describe('the request to the service', () => {
  test('is described as Envoy describes it', async () => {
    const contextExtensions = { tier: 'gold' };
    const { service, ask } = await bench(method({ grpc: { contextExtensions } }));
    await ask(
      get('/orders%20x?a=1', 'X-A: 1', 'X-A: 2', 'Cookie: a=b', 'X-Text: caf\xc3\xa9', 'X-Original-URL: spoofed'),
    );
    expect(service.seen).toHaveLength(1);
    const { source, destination, request, context_extensions, tls_session } = service.seen[0]!.attributes;
    expect([
      source.address.socket_address.address,
      source.principal,
      destination.address.socket_address.port_value,
    ]).toEqual(['127.0.0.1', '', 80]);
    expect(context_extensions).toEqual(contextExtensions);
    expect(tls_session).toBeNull();
    expect(Math.abs(Number(request.time.seconds) - Date.now() / 1000)).toBeLessThan(60);
    const { headers, ...http } = request.http;
    expect(http).toMatchObject({
      id: expect.stringMatching(/./),
      method: 'GET',
      path: '/orders%20x?a=1',
      host: 'example.com',
      scheme: 'http',
      size: '0',
      body: '',
    });
    expect(headers).toMatchObject({
      ':method': 'GET',
      ':path': '/orders%20x?a=1',
      ':authority': 'example.com',
      'x-a': '1,2',
      cookie: 'a=b',
      'x-text': 'café',
      'x-forwarded-for': '127.0.0.1',
    });
    expect(JSON.stringify(headers)).not.toContain('spoofed');
  });

  test('holds only the headers that are listed', async () => {
    const { service, ask } = await bench(routeFilter({ grpc: { allowedHeaders: ['X-A'] } }));
    await ask(get('/', 'X-A: 1', 'X-B: 2', 'Authorization: t'));
    expect(service.seen[0]?.attributes.request.http.headers).toEqual({ 'x-a': '1' });
  });

  test.each(makes)('holds the body if that is not too long, with %s', async (name, make) => {
    const changes = { forwardBody: { maxSize: name === 'the method' ? '4' : 4 } } as never;
    const { service, origin, ask } = await bench(make(changes));
    expect(code(await ask(post('1234')))).toBe('200');
    expect(code(await ask(post('\xff\xfe')))).toBe('200');
    expect(code(await ask(post('12345')))).toBe('413');
    const bodies = service.seen.map(({ attributes: { request } }) => request.http);
    expect(bodies.map(({ body, raw_body: raw, size }) => [body, raw.toString('latin1'), size])).toEqual([
      ['1234', '', '4'],
      ['', '\xff\xfe', '2'],
    ]);
    expect(origin.requests).toHaveLength(2);
  });

  test('without its body says that its length is unknown', async () => {
    const { service, ask } = await bench(method());
    await ask(post('1234'));
    expect(service.seen[0]?.attributes.request.http).toMatchObject({ size: '-1', body: '' });
  });
});

describe.each(makes)('an answer that lets pass, with %s', (_, make) => {
  test('changes what the backend gets', async () => {
    const { origin, ask } = await bench(
      make(),
      ok({
        headers: [
          header('X-User', 'ada'),
          header('x-roles', 'dev', { append: { value: true } }),
          header('x-utf8', 'é'),
          header('x-set', 'new', { append: { value: false } }),
          header('Content-Length', '99'),
          header('Host', 'evil.test'),
          header(':path', '/evil'),
          header('transfer-encoding', 'chunked'),
        ],
        headers_to_remove: ['Authorization', 'Host', ':method', 'content-length'],
      }),
    );
    expect(code(await ask(get('/', 'x-user: root', 'X-Roles: a', 'x-set: old', 'Authorization: t')))).toBe('200');
    const [seen] = origin.requests;
    expect(seen?.startLine).toBe('GET / HTTP/1.1');
    expect(
      ['x-user', 'x-roles', 'x-utf8', 'x-set', 'authorization', 'host', 'content-length'].map((name) =>
        seen?.header(name),
      ),
    ).toEqual(['ada', 'a, dev', 'Ã©', 'new', undefined, 'example.com', undefined]);
  });

  test('changes what the client gets', async () => {
    const { ask } = await bench(
      make(),
      ok({
        response_headers_to_add: [header('Set-Cookie', 'a=1'), header('x-policy', 'p', { append: { value: false } })],
      }),
    );
    const answer = await ask(get('/'));
    expect(answer.fields.filter(([name]) => name === 'Set-Cookie').map(([, value]) => value)).toEqual(['own=1', 'a=1']);
    expect(answer.header('x-policy')).toBe('p');
  });

  test('may be as short as a status', async () => {
    const { ask } = await bench(make(), { status: { code: 0 } });
    expect(code(await ask(get('/')))).toBe('200');
  });
});

describe.each(makes)('an answer that refuses, with %s', (_, make) => {
  test('is given to the client', async () => {
    const headers = [
      header('WWW-Authenticate', 'Bearer'),
      header('Set-Cookie', 'a=1'),
      header('Set-Cookie', 'b=2'),
      header('Content-Length', '999'),
    ];
    const { origin, ask } = await bench(make(), denied({ status: { code: 401 }, headers, body: 'é no' }));
    const answer = await ask(get('/'));
    expect([code(answer), answer.body.toString(), answer.header('www-authenticate')]).toEqual([
      '401',
      'é no',
      'Bearer',
    ]);
    expect(answer.fields.filter(([name]) => name === 'Set-Cookie').map(([, value]) => value)).toEqual(['a=1', 'b=2']);
    expect(origin.requests).toHaveLength(0);
  });

  test.each<[string, object | Error | Buffer, string]>([
    ['a status alone', { status: { code: 7 } }, '403'],
    ['a status of its own', { status: { code: 16 } }, '403'],
    ['a status beside what would let pass', { status: { code: 7 }, ok_response: {} }, '403'],
    ['a refusal beside a status that lets pass', denied({}, { code: 0 }), '403'],
    ['a refusal that says no status', denied({}), '403'],
    ['a refusal that says nonsense', denied({ status: { code: 100 } }), '403'],
    ['a refusal with a line break', denied({ headers: [header('x-a', 'a\r\nx-b: c')] }), '403'],
    ['nothing', {}, '503'],
    ['a header with a line break', ok({ headers: [header('x-user', 'a\r\nx-admin: 1')] }), '503'],
    ['a status of gRPC', Object.assign(new Error('no'), { code: 16, details: 'no' }), '503'],
    ['a cut message', Buffer.from([0x1a, 0x20, 0x12]), '503'],
    ['garbage', Buffer.from('{"allowed":true}'), '503'],
  ])('%s', async (_, answer, expected) => {
    const { origin, ask } = await bench(make(), answer);
    expect(code(await ask(get('/')))).toBe(expected);
    expect(origin.requests).toHaveLength(0);
  });
});

test('a service that says nothing, or goes away, lets nothing pass', async () => {
  const { service, origin, ask } = await bench(method({ timeout: '100ms' }), null);
  expect(code(await ask(get('/')))).toBe('503');
  service.close();
  expect(code(await ask(get('/')))).toBe('503');
  expect(origin.requests).toHaveLength(0);
});

test('headers of the answer and its metadata say who is asking', async () => {
  const metadata = { fields: { Groups: { listValue: { values: [{ stringValue: 'dev' }, { stringValue: 'a,b' }] } } } };
  const identity = { subject: 'x-user', roles: 'Groups' };
  const answer = ok({ headers: [header('X-User', 'ada')] }, { dynamic_metadata: metadata });
  const { service, origin } = await bench(method(), answer);
  const probe: Filter[] = [method({ identity })];
  const spec = {
    rules: [{ name: 'dev', action: 'Allow', roles: ['dev'], claims: [{ claim: 'x-user', values: ['ada'] }] }],
    defaultAction: 'Deny',
  };
  const authorization = translatePolicy('authorization', spec as never, 'spec', toService);
  if (isProblems(authorization)) throw new Error(JSON.stringify(authorization));
  const proxy = stage.own(await createTestProxy(protectedBy([...probe, authorization], [origin.port, service.port])));
  const client = stage.own(await openClient(proxy.port));
  client.send(get('/'));
  expect(code(await client.message())).toBe('200');
});

test.each(['//admin', '/admin%2Fkeys', '/public/../admin', '/%61dmin', '/admin/.'])(
  'whatever a path is spelled like, %s does not pass a service that guards /admin',
  async (path) => {
    const guard = ({ attributes }: SeenCheck) => ({
      status: { code: attributes.request.http.path.startsWith('/admin') ? 7 : 0 },
    });
    const { origin, ask } = await bench(method(), guard);
    expect(code(await ask(get(path)))).toBe('403');
    expect(origin.requests).toHaveLength(0);
  },
);
