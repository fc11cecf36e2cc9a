/** What proxies of the benchmark are told: every one of them the same routes. */
import { describe, expect, test } from '@jest/globals';
import { bodyOf, createSite, routeName, siteRequests } from '../../bench/site.ts';
import { envoyConfig } from '../../bench/targets/envoy.ts';
import { gatewayManifests } from '../../bench/targets/gateway.ts';
import { haproxyConfig, haproxyMap } from '../../bench/targets/haproxy.ts';
import { nginxConfig } from '../../bench/targets/nginx.ts';

const site = createSite();
const ports = { site, originPort: 9000, plainPort: 8080, tlsPort: 8443, directory: '/d' };
const routes = site.hosts.flatMap((host) => site.prefixes.map((prefix) => routeName(host, prefix)));

describe('the site', () => {
  test('has 2,000 routes', () => expect(new Set(routes).size).toBe(2000));
  test('has no prefix that is the beginning of another', () =>
    expect(site.prefixes.flatMap((a) => site.prefixes.filter((b) => a !== b && b.startsWith(a)))).toEqual([]));
});

describe('requests', () => {
  const texts = siteRequests(site, { answer: 200 }).map(({ text }) => text);

  test('are for 64 hosts and all prefixes', () => {
    expect(new Set(texts.map((text) => /^Host: (.*)\r$/m.exec(text)?.[1])).size).toBe(64);
    expect(new Set(texts.map((text) => /^GET (\/p\d\d\/)200 /.exec(text)?.[1])).size).toBe(10);
  });
  test('with a body say its length and hold it', () =>
    expect(siteRequests(site, { answer: 1, body: 50 })[0]).toMatchObject({
      expected: 1,
      text: expect.stringMatching(`^POST [^]*\r\nContent-Length: 50\r\n\r\n${bodyOf(50)}$`),
    }));
  test('on a connection of their own ask for its end', () =>
    expect(siteRequests(site, { answer: 1, close: true })[0]?.text).toContain('\r\nConnection: close\r\n'));
});

describe('every route stands once', () => {
  test('in the configuration of nginx, with and without larger buffers', () => {
    for (const extra of [[], ['proxy_buffer_size 64k;']]) {
      const text = nginxConfig({ ...ports, extra, root: false });
      expect([...text.matchAll(/set \$route (\S+); proxy_pass/g)].map((match) => match[1])).toEqual(routes);
      expect(text.match(/server_name /g)).toHaveLength(200);
      expect(text.includes('64k;\n  server { listen')).toBe(extra.length > 0);
    }
  });
  test('in the map and the backends of HAProxy', () => {
    expect(
      haproxyMap(site)
        .trim()
        .split('\n')
        .map((line) => line.split(' ')[1]),
    ).toEqual(routes);
    const backends = [...haproxyConfig(ports).matchAll(/^backend (h\S+)$/gm)].map((match) => match[1]);
    expect(backends).toEqual(routes);
  });
  test('in the configuration of Envoy, once for each listener', () => {
    const names = [...JSON.stringify(envoyConfig(ports)).matchAll(/"name":"(h\d+-p\d+)"/g)].map((match) => match[1]);
    expect(names).toEqual([...routes, ...routes]);
  });
  test('in the manifests of the gateway', async () => {
    const text = await gatewayManifests(site, 9000, 'Service');
    const objects = text
      .split('---\n')
      .filter((part) => part !== '')
      .map((part) => JSON.parse(part) as { kind: string; spec: { hostnames: string[]; rules: Rule[] } });
    const found = objects
      .filter(({ kind }) => kind === 'HTTPRoute')
      .flatMap(({ spec }) =>
        spec.rules.map(({ matches }) => routeName(spec.hostnames[0]!, matches[0]?.path.value ?? '')),
      );
    expect(found).toEqual(routes);
  });
});

interface Rule {
  readonly matches: readonly { readonly path: { readonly value: string } }[];
}

describe('the work is the same', () => {
  const configurations = [
    nginxConfig({ ...ports, extra: [], root: true }),
    haproxyConfig(ports),
    JSON.stringify(envoyConfig(ports)),
  ];
  test.each(['requestId', 'route', 'status', 'host', 'path', 'userAgent', 'duration', 'upstreamDuration'])(
    'each peer logs %s',
    (name) => {
      for (const text of configurations) expect(text).toMatch(new RegExp(`"?${name}"?:`));
    },
  );
  test('each peer has one worker', () => {
    expect(configurations[0]).toContain('worker_processes 1;');
    expect(configurations[1]).toContain('nbthread 1');
  });
});
