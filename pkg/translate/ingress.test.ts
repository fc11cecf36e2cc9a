/** Ingresses as requests see them: golden cases, translated and compiled. */
import { readFileSync } from 'node:fs';
import { describe, expect, test } from '@jest/globals';
import { createCompiler } from '../routing/compile.ts';
import { request } from '../routing/fixture.ts';
import { Misdirected } from '../routing/table.ts';
import { testCertificates } from '../testkit/certificates.ts';
import { readCase } from '../testkit/golden.ts';
import { Memo } from './memo.ts';
import { translate } from './translate.ts';

/** Who serves: `Ingress/namespace/name 0`, with `+redirect` where filters run; or why nobody does. */
function serve(name: string, url: string): string {
  const { options, snapshot } = readCase(readFileSync(new URL(`./testdata/${name}.in.yaml`, import.meta.url), 'utf8'));
  const { ir } = translate(snapshot, options);
  const { protocol, hostname, pathname } = new URL(url);
  const table = createCompiler({ filter: () => ({}) }).compile(1, ir);
  const socket = [...table.sockets.values()].find(
    ({ socket }) => socket.protocol === (protocol === 'https:' ? 'HTTPS' : 'HTTP'),
  );
  if (protocol === 'https:' && socket?.listenerForName(hostname) === undefined) return 'no TLS';
  const asked = request({ host: hostname, path: pathname });
  const rule = socket?.find(asked, protocol === 'https:' ? hostname : null);
  if (rule === undefined) return '404';
  if (rule === Misdirected) return '421';
  const { kind, namespace, name: route, rules } = rule.route;
  const filters = rules.find(({ index }) => index === rule.index)?.filters.length ?? 0;
  const what = rule.action.kind === 'refuse' ? ' refuses' : '';
  return `${kind}/${namespace}/${route} ${rule.index}${filters > 0 ? '+redirect' : ''}${what}`;
}

describe('a request', () => {
  test.each([
    ['ingress-paths', 'http://a.example.com/exact/', 'Ingress/shop/web 0'],
    ['ingress-paths', 'http://a.example.com/exact', 'Ingress/shop/web 2'],
    ['ingress-paths', 'http://a.example.com/prefix', 'Ingress/shop/web 1'],
    ['ingress-paths', 'http://a.example.com/prefix/x', 'Ingress/shop/web 1'],
    ['ingress-paths', 'http://a.example.com/prefixes', 'Ingress/shop/web 2'],
    ['ingress-paths', 'http://a.example.com/impl/x', 'Ingress/shop/web 3'],
    ['ingress-paths', 'http://b.example.com/anything', 'Ingress/shop/web 4'],
    ['ingress-paths', 'http://c.example.com/', '404'],
    ['ingress-hosts', 'http://a.example.com/a', 'Ingress/shop/web 0'],
    ['ingress-hosts', 'http://b.example.com/w', 'Ingress/shop/web 1'],
    ['ingress-hosts', 'http://x.b.example.com/w', '404'],
    ['ingress-hosts', 'http://example.com/w', '404'],
    ['ingress-hosts', 'http://x.b.example.com/any', 'Ingress/shop/web 2'],
    ['ingress-hosts', 'http://a.example.com/any', 'Ingress/shop/web 2'],
    ['ingress-default-backend', 'http://a.example.com/a', 'Ingress/shop/young 0'],
    ['ingress-default-backend', 'http://a.example.com/b', 'Ingress/shop/young 2'],
    ['ingress-default-backend', 'http://b.example.com/', 'Ingress/shop/young 1'],
    ['ingress-default-backend', 'http://c.example.com/', 'Ingress/shop/old 0'],
    ['ingress-tls', 'http://a.example.com/', 'Ingress/shop/web 0+redirect'],
    ['ingress-tls', 'https://a.example.com/', 'Ingress/shop/web 0'],
    ['ingress-tls', 'http://plain.example.com/', 'Ingress/shop/web 1'],
    ['ingress-tls', 'https://plain.example.com/', 'no TLS'],
    ['ingress-tls', 'https://x.apps.example.com/', 'Ingress/shop/web 2'],
    ['ingress-tls', 'https://y.apps.example.com/', '404'],
    ['ingress-tls-invalid', 'https://a.example.com/', 'Ingress/shop/web 0'],
    ['ingress-tls-invalid', 'https://b.example.com/', 'no TLS'],
    ['ingress-tls-invalid', 'http://b.example.com/', 'Ingress/shop/web 1+redirect'],
    ['ingress-tls-conflict', 'https://a.example.com/mine', 'Ingress/other/mine 0'],
    ['ingress-tls-conflict', 'https://a.example.com/theirs', 'Ingress/shop/theirs 0'],
    ['ingress-annotations-security', 'https://a.example.com/', 'Ingress/shop/auth 0 refuses'],
    ['ingress-annotations-security', 'http://a.example.com/', 'Ingress/shop/auth 0 refuses'],
    ['ingress-annotations-security', 'http://d.example.com/', 'Ingress/shop/shape 0'],
    ['ingress-canary', 'http://a.example.com/', 'Ingress/shop/web 0'],
    ['ingress-duplicates', 'http://a.example.com/x', 'Ingress/other/old 1'],
    ['ingress-duplicates', 'http://a.example.com/x/y', 'Ingress/other/old 0'],
    ['ingress-duplicates', 'http://a.example.com/own', 'Ingress/shop/young 1'],
    ['ingress-gateway', 'https://a.example.com/api', 'HTTPRoute/shop/api 0'],
    ['ingress-gateway', 'https://a.example.com/', 'Ingress/shop/web 0'],
    ['ingress-gateway', 'https://b.example.com/', 'Ingress/shop/web 1'],
    ['ingress-gateway', 'http://a.example.com/api', 'HTTPRoute/shop/api 0'],
    ['ingress-gateway', 'http://a.example.com/', 'Ingress/shop/web 0+redirect'],
    ['ingress-gateway-not-allowed', 'https://a.internal.example/', '404'],
    ['ingress-later-tier', 'http://a.example.com/api', 'HTTPRoute/shop/api 0'],
    ['ingress-later-tier', 'http://a.example.com/', 'Ingress/shop/web 0'],
    ['ingress-later-tier', 'https://a.example.com/', '404'],
    ['ingress-later-tier', 'https://b.example.com/', 'Ingress/shop/web 1'],
    ['ingress-and-routes', 'http://a.example.com/api', 'HTTPRoute/shop/api 0'],
    ['ingress-and-routes', 'http://a.example.com/else', 'Ingress/shop/web 3'],
  ])('of %s to %s is served by %s', (name, url, expected) => {
    expect(serve(name, url)).toBe(expected);
  });
});

test('what did not change is the same route in the next run', () => {
  const { options, snapshot } = readCase(
    readFileSync(new URL('./testdata/ingress-gateway.in.yaml', import.meta.url), 'utf8'),
  );
  const memo = new Memo();
  const first = translate(snapshot, options, memo).ir.routes;
  const second = translate(snapshot, options, memo).ir.routes;
  for (const [id, route] of Object.entries(first)) expect(second[id]).toBe(route);
});

describe('what a Gateway asks of its clients holds on the virtual listeners of Ingresses, too', () => {
  const text = readFileSync(new URL('./testdata/ingress-gateway.in.yaml', import.meta.url), 'utf8');
  const { certificate } = testCertificates().localhost;
  const authority = `---\n${JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'ca', namespace: 'infra' }, data: { 'ca.crt': certificate } })}\n`;
  const policy = `---
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayPolicy
metadata: { name: clients, namespace: infra }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: Gateway, name: public }]
  policies: { client: { headers: { underscores: Drop }, tls: { minVersion: TLSv1_3 } } }
`;
  const asks =
    'tls: { frontend: { default: { validation: { caCertificateRefs: [{ group: "", kind: ConfigMap, name: ca }] } } } }';
  const withDemands =
    text.replace('  gatewayClassName: suuupra\n', `  gatewayClassName: suuupra\n  ${asks}\n`) + policy;
  const listeners = (yaml: string) => {
    const { options, snapshot } = readCase(yaml);
    const { ir, statuses } = translate(snapshot, options);
    const problems = statuses.find(({ ref }) => ref.kind === 'Ingress')?.problems.map(({ reason }) => reason);
    return { all: ir.listeners, virtual: ir.listeners['infra/public/https:a.example.com'], problems, ir };
  };

  test.each([
    ['which take their host from another', withDemands + authority],
    [
      'which nobody else serves',
      withDemands.replace('protocol: HTTPS, tls', 'protocol: HTTPS, hostname: z.example.com, tls') + authority,
    ],
  ])('%s', (_, yaml) => {
    const { all, virtual, ir } = listeners(yaml);
    const own = all['infra/public/https'];
    expect(own?.tls?.client).toMatchObject({ mode: 'Demand' });
    expect(virtual?.tls).toEqual({ ...own?.tls, certificates: virtual?.tls?.certificates });
    expect(virtual?.tls?.minVersion).toBe('TLSv1.3');
    expect(virtual?.client).toEqual(own?.client);
    expect(virtual?.client).toMatchObject({ underscores: 'Drop' });
    expect(virtual?.tls?.certificates).not.toEqual(own?.tls?.certificates);
    expect(Object.keys(ir.authorities)).toEqual(own?.tls?.client?.authorities);
  });

  test('and where nobody can be let in by them, the host is not served over TLS', () => {
    const { virtual, problems } = listeners(
      withDemands.replace('protocol: HTTPS, tls', 'protocol: HTTPS, hostname: z.example.com, tls'),
    );
    expect([virtual, problems]).toEqual([undefined, ['NoValidCACertificate']]);
  });
});
