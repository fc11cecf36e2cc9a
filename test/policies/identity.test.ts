/** Who is asking is said by the gateway alone: no spelling of an identity header, no trailer and no request before on the connection says it instead. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openClient } from '../../pkg/testkit/client.ts';
import { createOrigin, type Origin, reply } from '../../pkg/testkit/origin.ts';
import { type Feature, startFeature } from '../features/feature.ts';
import { gatewayClass, services } from '../features/folder.ts';
import { gatewayRoute, goodToken, jwtMethod, policyManifest, routeTarget } from './guards.ts';

let origin: Origin;
beforeAll(async () => {
  origin = await createOrigin((message) => reply(message.header('x-user') ?? 'nobody'));
});
afterAll(() => origin.close());

const hosts = ['allow.test', 'drop.test', 'a.reject.test'] as const;

const modeOf = (host: string): string => host.split('.').at(-2) ?? '';

/** A listener for each way to treat underscores. */
function manifests(): Readonly<Record<string, string>> {
  const listeners = hosts.map(
    (host) =>
      `{ name: ${modeOf(host)}, port: 80, protocol: HTTP, hostname: ${host === 'a.reject.test' ? '"*.reject.test"' : host}, allowedRoutes: { namespaces: { from: All } } }`,
  );
  const gateway = `---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: public }
spec: { gatewayClassName: suuupra, listeners: [${listeners.join(', ')}] }
`;
  const underscores = hosts.map((host) => {
    const sectionName = modeOf(host);
    return policyManifest(sectionName, {
      targetRefs: [{ group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'public', sectionName }],
      policies: { client: { headers: { underscores: `${sectionName[0]?.toUpperCase()}${sectionName.slice(1)}` } } },
    });
  });
  const route = gatewayRoute('api', hosts, [{ backendRefs: [{ name: 'one', port: 8080 }] }]);
  const policy = policyManifest('api', {
    targetRefs: [routeTarget('api')],
    policies: {
      authentication: { allowAnonymous: true, methods: [jwtMethod] },
      transform: {
        request: {
          headers: {
            set: [{ name: 'X-Subject', expression: 'identity.anonymous ? "anonymous" : identity.subject' }],
          },
        },
      },
    },
  });
  return {
    'base.yaml': gatewayClass + gateway + services({ one: origin.port }) + underscores.join(''),
    'api.yaml': route + policy,
    'hop.yaml':
      gatewayRoute('hop', ['hop.reject.test'], [{ backendRefs: [{ name: 'one', port: 8080 }] }]) +
      policyManifest('hop', {
        targetRefs: [routeTarget('hop')],
        policies: { authorization: { rules: [{ name: 'a', when: 'request.headers["x-tenant"] == "acme"' }] } },
      }),
  };
}

describe.each(['socket', 'handle'])('on the %s transport', (transport) => {
  let feature: Feature;
  beforeAll(async () => {
    feature = await startFeature(manifests(), { args: [`--transport=${transport}`] });
  });
  afterAll(() => feature.stop());

  const spoofs: readonly (readonly [name: string, fields: readonly string[]])[] = [
    ['as it is', ['X-User: root']],
    ['in lower case', ['x-user: root']],
    ['in capitals', ['X-USER: root']],
    ['with an underscore', ['X_User: root']],
    ['with an underscore, in lower case', ['x_user: root']],
    ['twice', ['X-User: root', 'X-User: root']],
    ['in two spellings', ['X-User: root', 'x_user: root', 'X-USER: root']],
    ['named by Connection', ['X-User: root', 'Connection: X-User']],
    ['named by Connection in another spelling', ['x_user: root', 'Connection: x-user, x_user']],
    ['with a space before the colon', ['X-User : root']],
    ['folded', ['X-A: b', ' X-User: root']],
    ['behind a lone line feed', ['X-A: b\nX-User: root']],
    ['behind a lone carriage return', ['X-A: b\rX-User: root']],
    ['another header of the policy', ['X-Subject: root', 'X_Subject: root']],
  ];

  async function ask(host: string, fields: readonly string[], more = ''): Promise<string> {
    const client = await openClient(feature.gateway.port(80));
    client.send(`${['POST / HTTP/1.1', `Host: ${host}`, ...fields].join('\r\n')}\r\n${more}`);
    const { startLine, body } = await client.message();
    client.close();
    const status = startLine.split(' ')[1] ?? '';
    return status === '200' ? String(body) : status;
  }

  const leaked = (from: number): readonly string[] =>
    origin.requests.slice(from).flatMap(({ raw }) => (/root/.test(String(raw)) ? [String(raw)] : []));

  describe.each(hosts)('%s', (host) => {
    test.each(spoofs)('spoofed %s: from nobody and from somebody', async (_, fields) => {
      const before = origin.requests.length;
      const anonymous = await ask(host, [...fields, 'Content-Length: 0', ''].join('\r\n').split('\r\n'));
      const known = await ask(host, [...fields, `Authorization: Bearer ${goodToken()}`, 'Content-Length: 0', '']);
      expect(['nobody', '400']).toContain(anonymous);
      expect(['ada', '400']).toContain(known);
      expect(leaked(before)).toEqual([]);
    });
  });

  // CVE-2013-5704: what is taken out of the head comes again behind the body, and servers that merge both take it from there.
  test.each(['X-User', 'x_user', 'x-subject'])('%s in the trailers is not forwarded', async (name) => {
    const before = origin.requests.length;
    const body = `\r\n3\r\nabc\r\n0\r\n${name}: root\r\nX-Checksum: 1\r\n\r\n`;
    expect(await ask('allow.test', ['Transfer-Encoding: chunked'], body)).toBe('nobody');
    expect(leaked(before)).toEqual([]);
    // Those that mean nothing to a policy still are.
    expect(origin.requests.at(-1)?.trailers).toEqual([['X-Checksum', '1']]);
  });

  test('what Connection names is for this hop alone: a policy must not judge by what no backend will see', async () => {
    const tenant = ['X-Tenant: acme', 'Content-Length: 0'];
    expect(await ask('hop.reject.test', [...tenant, ''])).toBe('nobody');
    const before = origin.requests.length;
    expect(await ask('hop.reject.test', [...tenant, 'Connection: x-tenant', ''])).toBe('403');
    expect(origin.requests).toHaveLength(before);
  });

  test('a request does not inherit who asked before it, however they come', async () => {
    const before = origin.requests.length;
    const client = await openClient(feature.gateway.port(80));
    const somebody = (name: string) => `Authorization: Bearer ${goodToken({ sub: name })}\r\n`;
    const requests = [somebody('ada'), '', somebody('bob'), '', '', somebody('ada')];
    client.send(requests.map((fields) => `GET / HTTP/1.1\r\nHost: allow.test\r\n${fields}\r\n`).join(''));
    const bodies: string[] = [];
    for (const _ of requests) bodies.push(String((await client.message()).body));
    client.close();
    expect(bodies).toEqual(['ada', 'nobody', 'bob', 'nobody', 'nobody', 'ada']);
    expect(origin.requests.slice(before).map((message) => message.header('x-subject'))).toEqual([
      'ada',
      'anonymous',
      'bob',
      'anonymous',
      'anonymous',
      'ada',
    ]);
  });

  test('nor does another connection, while tokens are being verified', async () => {
    const names = Array.from({ length: 60 }, (_, i) => (i % 3 === 0 ? '' : `user-${i}`));
    const answers = await Promise.all(
      names.map((name) =>
        ask('allow.test', [
          ...(name === '' ? [] : [`Authorization: Bearer ${goodToken({ sub: name })}`]),
          'Content-Length: 0',
          '',
        ]),
      ),
    );
    expect(answers).toEqual(names.map((name) => name || 'nobody'));
  });

  test('one that leaves while its token is verified says nothing of the next', async () => {
    const leave = async (i: number): Promise<void> => {
      const client = await openClient(feature.gateway.port(80));
      const bearer = `Authorization: Bearer ${goodToken({ sub: `gone-${i}` })}`;
      client.send(`GET / HTTP/1.1\r\nHost: allow.test\r\n${bearer}\r\n\r\n`);
      client.reset();
    };
    for (let i = 0; i < 20; i++) {
      const [, answer] = await Promise.all([leave(i), ask('allow.test', ['Content-Length: 0', ''])]);
      expect(answer).toBe('nobody');
    }
  });
});
