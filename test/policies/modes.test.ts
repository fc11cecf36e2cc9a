/** Shadow mode and policies that cannot be built, through the real process: what passes, what does not, and who is told. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openClient } from '../../pkg/testkit/client.ts';
import type { Origin } from '../../pkg/testkit/origin.ts';
import { createEcho, readEcho } from '../features/echo.ts';
import { type AskOptions, type Feature, startFeature } from '../features/feature.ts';
import { baseManifests, routeManifest } from '../features/folder.ts';
import { until } from '../features/until.ts';
import { type Guard, type GuardServers, guardObjects, guards, startGuardServers } from './guards.ts';

const directory = mkdtempSync(join(tmpdir(), 'modes-'));
const accessLog = join(directory, 'access.log');
const servers: GuardServers = await startGuardServers();
let origin: Origin;
let feature: Feature;

beforeAll(async () => {
  origin = await createEcho('one');
  feature = await startFeature(
    {
      'base.yaml': baseManifests({ one: origin.port }) + guardObjects(servers.ports),
      'route.yaml': routeManifest('shop', `[${['guarded', 'open'].map(ruleOf).join(', ')}]`),
    },
    { args: [`--access-log=${accessLog}`] },
  );
});
afterAll(async () => {
  await feature.stop();
  await origin.close();
  await servers.close();
  rmSync(directory, { recursive: true });
});

function ruleOf(name: string): string {
  return `{ name: ${name}, matches: [{ path: { value: /${name} } }], backendRefs: [{ name: one, port: 8080 }] }`;
}

/** A policy for the rule `guarded`. */
function policy(block: string, section = 'guarded'): string {
  return `apiVersion: gateway.suuupra.io/v1alpha1
kind: GatewayPolicy
metadata: { name: guard }
spec:
  targetRefs: [{ group: gateway.networking.k8s.io, kind: HTTPRoute, name: shop, sectionName: ${section} }]
  policies: { ${block} }
`;
}

const guarded = 'http://a.example.com/guarded';
const open = 'http://a.example.com/open';
const logged = () =>
  readFileSync(accessLog, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { readonly path: string; readonly shadow?: string; readonly flag: string });

const jwt = (mode: string) =>
  `authentication: { mode: ${mode}, methods: [{ name: corp, type: JWT, jwt: { algorithms: [HS256], sharedSecret: { name: jwt, key: secret } } }] }`;
const secret =
  'apiVersion: v1\nkind: Secret\nmetadata: { name: jwt }\nstringData: { secret: "0123456789012345678901234567890123456789" }\n';

describe('in Shadow', () => {
  test.each<[key: string, block: string, options: AskOptions, code: string]>([
    ['ipAccess', 'deny: ["127.0.0.0/8"]', {}, 'address-denied'],
    ['csrf', '', { method: 'POST', headers: { origin: 'https://evil.test', cookie: 'a=b' } }, 'origin-denied'],
    ['requestLimits', 'methods: [GET]', { method: 'DELETE' }, 'method-denied'],
    // Without an authentication in force no credential could help.
    ['authorization', 'rules: [{ name: admins, scopes: [admin] }]', {}, 'forbidden'],
  ])('%s decides, counts and logs, and lets pass', async (key, block, options, code) => {
    await feature.folder.write('policy.yaml', policy(`${key}: { mode: Enforce${block === '' ? '' : `, ${block}`} }`));
    await until(async () => (await feature.ask(guarded, options)).status >= 400);
    await feature.folder.write('policy.yaml', policy(`${key}: { mode: Shadow${block === '' ? '' : `, ${block}`} }`));
    await feature.becomes(guarded, 200, options);
    await until(async () =>
      new RegExp(`suuupra_policy_decisions_total\\{[^}]*policy="${key}"[^}]*mode="Shadow"[^}]*\\} [1-9]`).test(
        await feature.gateway.page('/metrics'),
      ),
    );
    await until(async () => logged().some(({ shadow }) => shadow?.includes(`${key}:${code}`) === true));
    expect(await feature.condition('GatewayPolicy', 'guard', 'Enforced')).toBe('False ShadowMode');
  });

  const inMode = (mode: string, guard: Guard): string => {
    const moded = Object.entries(guard.policies).map(([key, spec]) => `${key}: ${JSON.stringify({ mode, ...spec })}`);
    return policy(moded.join(', '));
  };

  // The services that judge see the path of `/admin` only.
  test.each(guards(servers.ports).filter(({ judges }) => judges !== true))(
    '$name refuses nobody, and says whom it would have',
    async (guard) => {
      const url = `${guarded}/${guard.name}`;
      const [key] = Object.keys(guard.policies);
      await feature.folder.write('policy.yaml', inMode('Enforce', guard));
      await feature.becomes(url, guard.refusal);
      await feature.folder.write('policy.yaml', inMode('Shadow', guard));
      await feature.becomes(url, 200);
      const before = await refusals(key);
      // Answers of a service may come when the line of the log is written: they are counted all the same.
      expect((await feature.ask(url)).status).toBe(200);
      await until(async () => (await refusals(key)) > before);
    },
  );

  /** How many requests a policy would have refused. */
  async function refusals(key = ''): Promise<number> {
    const labels = new RegExp(
      `^suuupra_policy_decisions_total\\{(?=.*policy="${key}")(?=.*mode="Shadow")(?=.*decision="denied").*\\} (\\d+)$`,
    );
    const lines = (await feature.gateway.page('/metrics')).split('\n');
    return lines.reduce((sum, line) => sum + Number(labels.exec(line)?.[1] ?? 0), 0);
  }

  test('requestLimits counts a body in chunks on its way, and lets it pass', async () => {
    await feature.folder.write('policy.yaml', policy('requestLimits: { mode: Shadow, bodySize: "4" }'));
    await until(async () => (await feature.condition('GatewayPolicy', 'guard', 'Enforced')) === 'False ShadowMode');
    const ask = async (body: string): Promise<string> => {
      const client = await openClient(feature.gateway.port(80));
      client.send(`POST /guarded HTTP/1.1\r\nHost: a.example.com\r\nTransfer-Encoding: chunked\r\n\r\n`);
      client.send(`${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`);
      const { startLine } = await client.message();
      client.close();
      return startLine;
    };
    const told = () => logged().filter(({ shadow }) => shadow === 'requestLimits:body-too-large').length;
    await until(async () => {
      expect(await ask('hello')).toBe('HTTP/1.1 200 OK');
      return told() > 0;
    });
    expect(await feature.gateway.page('/metrics')).toMatch(
      /policy="requestLimits",mode="Shadow",decision="denied",code="body-too-large"\} [1-9]/,
    );
  });

  test('authentication strips, adds and answers nothing', async () => {
    await feature.folder.write('secret.yaml', secret);
    await feature.folder.write('policy.yaml', policy(jwt('Shadow')));
    const headers = { authorization: 'Bearer nonsense', 'x-user': 'mallory' };
    await until(async () => {
      await feature.ask(guarded, { headers });
      return logged().some(({ shadow }) => shadow?.includes('authentication:') === true);
    });
    const answer = await feature.ask(guarded, { headers });
    expect(answer.status).toBe(200);
    expect(readEcho(answer.body).fields).toMatchObject(headers);
  });
});

describe('that cannot be built', () => {
  test('closes exactly the rules it is for, and they open again once it is mended', async () => {
    await feature.folder.write('secret.yaml', secret);
    await feature.folder.write('policy.yaml', policy(jwt('Enforce')));
    await feature.becomes(guarded, 401);
    await feature.folder.remove('secret.yaml');
    const answer = await feature.becomes(guarded, 500);
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'policy-invalid' });
    expect((await feature.ask(open)).status).toBe(200);
    expect(await feature.condition('GatewayPolicy', 'guard', 'Enforced')).toBe('False FailedClosed');
    expect(await feature.condition('GatewayPolicy', 'guard', 'ResolvedRefs')).toBe('False RefNotFound');
    await feature.folder.write('secret.yaml', secret);
    await feature.becomes(guarded, 401);
  });

  test('and in Shadow closes nothing', async () => {
    await feature.folder.write('policy.yaml', policy(jwt('Shadow').replace('name: jwt', 'name: absent')));
    await until(
      async () => (await feature.condition('GatewayPolicy', 'guard', 'ResolvedRefs')) === 'False RefNotFound',
    );
    expect((await feature.ask(guarded)).status).toBe(200);
  });

  test('keys that cannot be fetched are 503, not 401: the token may be good', async () => {
    const jwks = `remoteJWKS: { uri: "https://127.0.0.1:1/keys" }`;
    await feature.folder.write(
      'policy.yaml',
      policy(`authentication: { methods: [{ name: corp, type: JWT, jwt: { algorithms: [RS256], ${jwks} } }] }`),
    );
    const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
    const token = `${part({ alg: 'RS256', kid: 'k' })}.${part({ sub: 'a', exp: 4_000_000_000 })}.${'A'.repeat(342)}`;
    const answer = await feature.becomes(guarded, 503, { headers: { authorization: `Bearer ${token}` } });
    expect(JSON.parse(answer.body)).toMatchObject({ code: 'policy-unavailable' });
    expect((await feature.ask(guarded)).status).toBe(401);
    expect((await feature.ask(open)).status).toBe(200);
  });
});

test('refusals of every kind pass the response phases that they should', async () => {
  const cors = 'cors: { allowOrigins: ["https://app.test"] }, securityHeaders: { preset: Basic }';
  await feature.folder.write('policy.yaml', policy(`${cors}, ipAccess: { deny: ["127.0.0.0/8"] }`));
  const headers = { origin: 'https://app.test' };
  const answer = await feature.becomes(guarded, 403, { headers });
  expect(answer.headers).toMatchObject({
    'access-control-allow-origin': 'https://app.test',
    'x-content-type-options': 'nosniff',
  });
  await feature.folder.write('policy.yaml', policy(`${cors}, ${jwt('Enforce').replace('name: jwt', 'name: absent')}`));
  const closed = await feature.becomes(guarded, 500, { headers });
  expect(closed.headers).toMatchObject({
    'access-control-allow-origin': 'https://app.test',
    'x-content-type-options': 'nosniff',
  });
});
