/** Who may come: client addresses, lists in ConfigMaps, countries from a file, signed URLs, all changed while the process runs. */
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openClient } from '../../pkg/testkit/client.ts';
import { createMmdb } from '../../pkg/testkit/mmdb.ts';
import type { Origin } from '../../pkg/testkit/origin.ts';
import { createEcho, readEcho } from './echo.ts';
import { type Feature, startFeature } from './feature.ts';
import { configuredClass, gatewayManifest, services } from './folder.ts';
import { until } from './until.ts';

const directory = mkdtempSync(join(tmpdir(), 'access-'));
const database = join(directory, 'countries.mmdb');
const secret = randomBytes(36).toString('base64');

let origin: Origin;
let feature: Feature;
beforeAll(async () => {
  origin = await createEcho('one');
  const base = gatewayManifest('public', '[{ name: http, port: 80, protocol: HTTP }]') + services({ one: origin.port });
  feature = await startFeature(
    {
      'base.yaml': base,
      'class.yaml': classOf('{ trustedCIDRs: [127.0.0.0/8] }'),
      'list.yaml': listOf('10.0.0.0/8 # offices'),
      'secret.yaml': `apiVersion: v1\nkind: Secret\nmetadata: { name: url-keys }\nstringData: { current: "${secret}" }\n`,
      'listed.yaml': policyOf('listed', 'ipAccess: { listRef: { name: cidrs, key: list } }'),
      'located.yaml': policyOf('located', 'ipAccess: { countries: { allow: [DE] } }'),
      'asked.yaml': policyOf('asked', "authorization: { rules: [{ name: de, when: client.country == 'DE' }] }"),
      'signed.yaml': policyOf(
        'signed',
        'signedURLs: { keys: [{ id: k, algorithm: HMACSHA256, secretRef: { name: url-keys, key: current } }] }',
      ),
    },
    { workers: 2, args: ['--geoip-database', database] },
  );
});
afterAll(async () => {
  await feature.stop();
  await origin.close();
  rmSync(directory, { recursive: true });
});

const from = (address: string) => ({ headers: { 'x-forwarded-for': address } });

describe('a list in a ConfigMap', () => {
  const url = 'http://listed.test/';

  test('counts, and its edits do', async () => {
    await feature.becomes(url, 200, from('10.1.2.3'));
    expect((await feature.ask(url, from('192.0.2.1'))).body).toContain('address-denied');
    expect((await feature.ask(url)).status).toBe(403);
    await feature.folder.write('list.yaml', listOf('192.0.2.0/24'));
    await feature.becomes(url, 200, from('192.0.2.1'));
    await feature.becomes(url, 403, from('10.1.2.3'));
  });

  test('with a bad line lets nobody in, says which, and is mended', async () => {
    await feature.folder.write('list.yaml', listOf('192.0.2.0/24\n    192.0.2.300'));
    await feature.becomes(url, 500, from('192.0.2.1'));
    const statuses = await feature.gateway.page('/debug/statuses');
    expect(statuses).toContain('line 2 of ConfigMap default/cidrs, key list');
    await feature.folder.write('list.yaml', listOf('192.0.2.0/24'));
    await feature.becomes(url, 200, from('192.0.2.1'));
  });
});

test('countries: 503 without a database, and each that comes is used', async () => {
  const answers = async (host = 'located'): Promise<readonly number[]> => {
    const ask = async (ip: string) => (await feature.ask(`http://${host}.test/`, from(ip))).status;
    return Promise.all(['192.0.2.1', '198.51.100.1', '10.0.0.1'].map(ask));
  };
  const write = (network: string): void => {
    writeFileSync(`${database}.new`, createMmdb({ [network]: { country: { iso_code: 'DE' } } }));
    renameSync(`${database}.new`, database);
  };
  await until(async () => (await answers()).every((status) => status === 503));
  expect(await answers('asked')).toEqual([403, 403, 403]);
  write('192.0.2.0/24');
  await until(async () => String(await answers()) === '200,403,403');
  await until(async () => String(await answers('asked')) === '200,403,403');
  write('198.51.100.0/24');
  await until(async () => String(await answers()) === '403,200,403');
  await until(async () => String(await answers('asked')) === '403,200,403');
}, 30_000);

test('a URL that gatewayctl signs is served, and none that is changed', async () => {
  const keyFile = join(directory, 'key');
  writeFileSync(keyFile, `${secret}\n`);
  const ctl = join(import.meta.dirname, '../../cmd/gatewayctl.ts');
  const args = ['sign', 'http://signed.test/files/a%2Fb?x=1&y=%7E', '--key-file', keyFile, '--key-id', 'k'];
  const url = String(execFileSync(process.execPath, [ctl, ...args])).trim();
  const answer = await feature.becomes(url, 200);
  expect(readEcho(answer.body).line).toBe('GET /files/a%2Fb?x=1&y=%7E HTTP/1.1');
  const asked = async (changed: string, method = 'GET') => (await feature.ask(changed, { method })).status;
  expect(await asked(url.replace('x=1', 'x=2'))).toBe(403);
  expect(await asked(url.replace('%2F', '/'))).toBe(403);
  expect(await asked(`${url}&z=1`)).toBe(403);
  expect(await asked(url, 'DELETE')).toBe(403);
  expect(await asked('http://signed.test/files/a%2Fb')).toBe(403);
});

test('the PROXY protocol is asked for as soon as the class says so, and no longer than that', async () => {
  const ask = async (preface: string): Promise<string> => {
    const client = await openClient(feature.gateway.port(80));
    client.send(`${preface}GET / HTTP/1.1\r\nHost: listed.test\r\nConnection: close\r\n\r\n`);
    const answer = String(await client.end());
    client.close();
    return answer.slice(0, 12);
  };
  const header = 'PROXY TCP4 192.0.2.1 192.0.2.9 4711 80\r\n';
  await feature.folder.write('class.yaml', classOf('{ proxyProtocol: Required }'));
  await until(async () => (await ask('')) === '');
  expect(await ask(header)).toBe('HTTP/1.1 200');
  expect(await ask(header.replace('TCP4 192.0.2.1', 'TCP4 10.0.0.1'))).toBe('HTTP/1.1 403');
  await feature.folder.write('class.yaml', classOf('{ trustedCIDRs: [127.0.0.0/8] }'));
  await until(async () => (await ask('')) === 'HTTP/1.1 403');
  expect(await ask(header)).toBe('HTTP/1.1 400');
});

function classOf(client: string): string {
  return configuredClass(`{ dataPlane: { client: ${client} } }`);
}

function listOf(lines: string): string {
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: cidrs }\ndata:\n  list: |\n    ${lines}\n`;
}

/** A route of its own host, and a policy on it. */
function policyOf(name: string, policies: string): string {
  return `apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayRoute
metadata: { name: ${name} }
spec:
  parentRefs: [{ name: public }]
  hostnames: [${name}.test]
  rules: [{ backendRefs: [{ name: one, port: 8080 }] }]
---
apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayPolicy
metadata: { name: ${name} }
spec:
  targetRefs: [{ group: gateway.suuupra.io, kind: GatewayRoute, name: ${name} }]
  policies: { ${policies} }
`;
}
