import { describe, expect, test } from '@jest/globals';
import type { Identity } from '../policy/identity.ts';
import { createExchange, type ExchangeOptions } from '../testkit/exchange.ts';
import { compileExpression, ExpressionFailure, explainMistake } from './expression.ts';
import type { Scope } from './variables.ts';

const identity: Identity = {
  method: 'JWT',
  provider: 'corp',
  subject: 'u1',
  tenant: 't1',
  scopes: ['orders.read', 'orders.write'],
  roles: [],
  claims: { org: 'x', level: 3, groups: ['g1', 'g2'], nested: { a: { b: true } }, nothing: null },
};
const options: ExchangeOptions = {
  method: 'POST',
  host: 'shop.test',
  target: '/orders/1?a=1&b=2&b=3&c=a%20b+c&d',
  headers: { 'X-Tenant': 't1', 'x-list': ['a', 'b'], cookie: 'sid=5; quoted="a"; bare; role=user; role=admin' },
  clientAddress: '192.0.2.7',
  identity,
};

describe('values', () => {
  test.each<[string, unknown]>([
    ['request.method', 'POST'],
    ['request.scheme + "://" + request.host + request.path', 'http://shop.test/orders/1'],
    ['request.headers["X-Tenant"] == identity.tenant', true],
    ['request.headers["x-list"]', 'a, b'],
    ['"x-tenant" in request.headers && !("x-absent" in request.headers)', true],
    ['has(request.headers.absent)', false],
    ['request.query.c + request.query.d', 'a b c'],
    ['request.cookies["sid"] + request.cookies.quoted', '5a'],
    ['has(request.cookies.bare)', false],
    ['request.size', 0],
    ['identity.claims.level >= 3 && identity.claims.level == 3 && 3 in [identity.claims.level]', true],
    ['identity.claims.nested.a.b', true],
    ['identity.claims.nothing == null', true],
    ['has(identity.claims.nothing) && !has(identity.claims.absent)', true],
    ['"g2" in identity.claims.groups && "org" in identity.claims', true],
    ['identity.claims.groups[1]', 'g2'],
    ['identity.scopes.exists(s, s.endsWith(".write")) && !identity.scopes.all(s, s.endsWith(".write"))', true],
    ['identity.scopes.exists_one(s, s.contains("read"))', true],
    ['identity.claims.groups.map(g, g != "g1", g.upperAscii()).join(",")', 'G2'],
    ['identity.scopes.filter(s, identity.claims.groups.exists(g, s.contains(g))).size()', 0],
    ['identity.claims.map(key, key).size()', 5],
    ['request.path.matches("^/orders/[0-9]+$") && request.path.matches("ord")', true],
    ['cidr("192.0.2.0/24").containsIP(client.address)', true],
    ['cidr("2001:db8::/32").containsIP(client.address)', false],
    ['request.path.split("/")[1].substring(1, 3).lowerAscii()', 'rd'],
    ['request.path.replace("/", "-").indexOf("o")', 1],
    ['size("äb") + " a ".trim().size()', 3],
    ['{"a": 1, "__proto__": [1.5, true, null]}', JSON.parse('{"a": 1, "__proto__": [1.5, true, null]}')],
    ['[1, "a"] == [1, "a"] && dyn({"a": 1}) == {"a": 1.0} && [1] != [2]', true],
    ['int("7") + int(2.9) * 10 % 7 - -1', 14],
    ['1.5 * 2.0 / 4.0 < 1.0 ? string(1) : "no"', '1'],
    ['identity.claims.level + 1', 4],
    ['bool("true") && double("1e2") == 100.0', true],
    ['[[1, 2], [3]].exists(list, 3 in list)', true],
    ['has(connection.certificate) || has(connection.servername) || connection.tls', false],
  ])('%s', (source, expected) => {
    expect(explainMistake(source, 'json')).toBe('');
    expect(evaluate(source)).toEqual(expected);
  });

  test('of an anonymous request: collections are empty, names are missing', () => {
    const anonymous = { ...options, identity: undefined as never };
    expect(evaluate('identity.anonymous && identity.scopes.size() + identity.claims.size() == 0', anonymous)).toBe(
      true,
    );
    expect(() => evaluate('identity.subject == ""', anonymous)).toThrow('identity.subject is not there');
  });

  test('a tenant that no credential names equals nothing', () => {
    const bare = { ...options, identity: { ...identity, tenant: '' }, headers: { 'x-tenant': '' } };
    expect(() => evaluate('identity.tenant == request.headers["x-tenant"]', bare)).toThrow(ExpressionFailure);
  });

  test('of the country of the client', () => {
    const scope: Scope = { countries: () => (address) => ({ '192.0.2.7': 'DE', '10.0.0.1': '' })[address] };
    const from = (clientAddress: string) => evaluate('client.country', { clientAddress }, scope);
    expect([from('192.0.2.7'), from('10.0.0.1')]).toEqual(['DE', '']);
    expect(() => from('192.0.2.8')).toThrow('client.country is not there');
    expect(evaluate('has(client.country)', { clientAddress: '192.0.2.8' }, scope)).toBe(false);
  });

  test('a source is opened only for an expression that names it', () => {
    const scope: Scope = {
      countries: () => {
        throw new Error('opened');
      },
    };
    expect(evaluate('client.address', options, scope)).toBe('192.0.2.7');
    expect(() => evaluate('client.country', options, scope)).toThrow('opened');
  });

  test('of a client certificate', () => {
    const clientCertificate = {
      raw: new Uint8Array(),
      subject: 'CN=a',
      issuer: 'CN=ca',
      dnsNames: ['a.test'],
      uris: ['spiffe://test/a'],
      emails: [],
      fingerprint: 'ab',
      serialNumber: '1',
    };
    const source = 'connection.certificate.uris.exists(u, u == "spiffe://test/a") && connection.servername == "a.test"';
    expect(evaluate(source, { scheme: 'https', host: 'a.test', clientCertificate })).toBe(true);
    expect(evaluate('connection.certificate.serialNumber', { scheme: 'https', clientCertificate })).toBe('1');
  });

  test('of the handshake, and what the request is called', () => {
    const source = 'connection.tlsVersion + " " + connection.tlsCipher + " " + request.id';
    expect(evaluate(source, { scheme: 'https' })).toBe('TLSv1.3 TLS_AES_128_GCM_SHA256 request-1');
    expect(evaluate('has(connection.tlsVersion) || has(connection.tlsCipher)', { scheme: 'http' })).toBe(false);
  });

  const trace = '4bf92f3577b34da6a3ce929d0e0e4736';
  test.each([
    [`00-${trace}-00f067aa0ba902b7-01`, trace],
    [`01-${trace}-00f067aa0ba902b7-01-more`, trace],
    [`00-${trace}-00f067aa0ba902b7-01-more`, undefined],
    [`ff-${trace}-00f067aa0ba902b7-01`, undefined],
    [`00-${'0'.repeat(32)}-00f067aa0ba902b7-01`, undefined],
    [`00-${trace}-${'0'.repeat(16)}-01`, undefined],
    [`00-${trace.toUpperCase()}-00f067aa0ba902b7-01`, undefined],
    [`00-${trace}-00f067aa0ba902b7-01, 00-${trace}-00f067aa0ba902b7-01`, undefined],
    ['', undefined],
  ])('of the trace that %j says', (traceparent, expected) => {
    const headers = { traceparent };
    expect(evaluate('has(request.traceID)', { headers })).toBe(expected !== undefined);
    expect(evaluate('has(request.traceID) ? request.traceID : "none"', { headers })).toBe(expected ?? 'none');
  });

  test('of the response, and of a body that is handed in', () => {
    const scope = { response: true, body: true };
    const { exchange } = createExchange({ status: 404, responseHeaders: { 'X-A': 'b' } });
    const source = 'string(response.status) + response.headers["x-a"] + body.items[0].name';
    const text = compileExpression(source, 'text', scope).evaluate(exchange, { items: [{ name: 'c' }] });
    expect(text).toBe('404bc');
    expect(explainMistake('response.status == 404', 'condition')).toContain('Unknown variable: response');
  });
});

describe('failures', () => {
  test.each([
    ['request.headers.absent == "a"', 'request.headers.absent is not there'],
    ['request.query.b == "2"', 'more than once'],
    ['request.cookies.role == "user"', 'more than once'],
    ['has(request.cookies.role)', 'more than once'],
    ['identity.claims.absent', 'is not there'],
    ['identity.claims.constructor', 'is not there'],
    ['identity.claims.__proto__', 'is not there'],
    ['identity.claims.org.length', 'a string has no fields'],
    ['identity.claims.groups[2]', 'is not there'],
    ['identity.claims.groups["length"]', 'a list is asked by an int'],
    ['connection.certificate.subject', 'is not there'],
    ['1 / 0', 'division by zero'],
    ['1 % 0', 'division by zero'],
    ['9223372036854775807 + 1', 'integer overflow'],
    ['identity.claims.org > 1', 'have no order'],
    ['identity.claims.org - 1', 'is not defined'],
    ['int("0x10")', 'is no int'],
    ['"abc".substring(2, 1)', 'out of range'],
    ['identity.claims.level.startsWith("a")', 'expected a string, found double'],
    ['cidr("10.0.0.0/8").containsIP(request.host)', 'no IP address'],
    ['identity.scopes.all(s, s == identity.claims.absent)', 'is not there'],
  ])('%s', (source, message) => {
    expect(explainMistake(source, 'json')).toBe('');
    expect(() => evaluate(source)).toThrow(message);
    expect(() => evaluate(source)).toThrow(ExpressionFailure);
  });

  test('of one side are absorbed where the other decides', () => {
    expect(evaluate('identity.claims.absent || true')).toBe(true);
    expect(evaluate('identity.claims.absent && false')).toBe(false);
    expect(() => evaluate('identity.claims.absent || false')).toThrow(ExpressionFailure);
    expect(evaluate('identity.scopes.exists(s, s == identity.claims.absent || s == "orders.read")')).toBe(true);
  });

  test('a chunked body has no size yet', () => {
    expect(() => evaluate('request.size <= 10', { headers: { 'transfer-encoding': 'chunked' } })).toThrow(
      'request.size',
    );
    expect(evaluate('request.size', { headers: { 'content-length': '12' } })).toBe(12);
  });

  test('a condition that gives no bool', () => {
    const { exchange } = createExchange(options);
    expect(() => compileExpression('identity.claims.org', 'condition').evaluate(exchange)).toThrow('expected a bool');
  });
});

describe('mistakes are told with their place', () => {
  test.each<[string, string]>([
    ['request.foo == 1', 'line 1, column 9: No such key: foo; correct the name of the field'],
    ['foo == 1', 'line 1, column 1: Unknown variable: foo; there are request, client, connection, identity'],
    [
      '  client.country == "DE"',
      'line 1, column 3: client.country needs a database of countries: start the gateway with',
    ],
    ['has(client.country)', 'client.country needs a database'],
    ['request.method ==\n  1', 'line 1, column 1: no such overload: string == int'],
    ['request.method == "a" &&', 'line 1, column 25: Unexpected token: EOF'],
    ['request.method', 'line 1, column 1: gives a string, but a bool is needed'],
    ['[request].size() == 1', 'line 1, column 2: request is no value; ask for method, scheme, host'],
    ['request.headers.exists(h, h == "a")', 'line 1, column 1: request.headers can be asked for a name'],
    ['request["method"] == "a"', 'line 1, column 1: write the field behind a dot: method'],
    ['request.path.matches(request.host)', 'line 1, column 22: the pattern of matches must be written out'],
    ['request.path.matches("(")', 'line 1, column 22: "(" is no RE2 regular expression'],
    ['request.path.matches("(?=a)")', 'no RE2 regular expression'],
    ['request.path.matches("((a{100}){100})")', 'line 1, column 22: "((a{100}){100})" is'],
    ['cidr("foo").containsIP(client.address)', 'line 1, column 6: "foo" is no CIDR such as'],
    ['cel.bind(x, true, x)', 'bind is not supported here'],
    ["b'abc' == b'abc'", 'bytes and unsigned literals are not supported'],
    ['bytes("a").json().a == 1', 'json is not supported here'],
    ['timestamp("2020-01-01T00:00:00Z") == timestamp(0)', 'timestamp is not supported here'],
    [`"${'a'.repeat(5_000)}" == ""`, 'is longer than 4096 characters'],
    [`${'('.repeat(40)}true${')'.repeat(40)}`, 'Exceeded maxDepth (30)'],
    [`${'true && '.repeat(300)}true`, 'Exceeded maxAstNodes (500)'],
    ['[1].all(x, [1].all(y, [1].all(z, true)))', 'loops are nested more than 2 deep'],
  ])('%s', (source, message) => {
    expect(explainMistake(source, 'condition')).toContain(message);
  });
});

function evaluate(source: string, changes: ExchangeOptions = options, scope: Scope = {}): unknown {
  return compileExpression(source, 'json', scope).evaluate(createExchange(changes).exchange);
}
