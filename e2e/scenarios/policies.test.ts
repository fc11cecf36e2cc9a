/** Policies in a cluster: attached at every level, live within seconds, and told in statuses, columns and `kubectl describe`. */
import { createHmac } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { policyKeys } from '../../pkg/policy/order.ts';
import { ask } from '../ask.ts';
import { echoBackend } from '../backend.ts';
import { gatewayAddress, httpGateway, httpRoute } from '../gateway.ts';
import { apply, createNamespace, deleteNamespace, get, kubectl, type Manifest } from '../kubectl.ts';
import { until } from '../until.ts';

const namespace = 'e2e-policies';
const host = 'policies.example.com';
const secret = '0123456789012345678901234567890123456789';
const route = httpRoute('api', 'public', host, 'shop');

beforeAll(async () => {
  await createNamespace(namespace);
  await apply(namespace, ...echoBackend('shop'), httpGateway('public'), route);
  await apply(namespace, {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'jwt' },
    stringData: { secret },
  });
  await kubectl(['rollout', 'status', '-n', namespace, 'deployment/shop', '--timeout=60s']);
  await until('the route answers', async () => (await request()).status === 200);
});

afterAll(async () => {
  await deleteNamespace(namespace);
});

async function request(headers: Readonly<Record<string, string>> = {}) {
  const address = await gatewayAddress(namespace, 'public');
  return ask(`http://${address}/`, { host, ...headers });
}

function policy(name: string, target: object, policies: object, more: object = {}): Manifest {
  return {
    apiVersion: 'gateway.suuupra.io/v1alpha1',
    kind: 'GatewayPolicy',
    metadata: { name },
    spec: { targetRefs: [target], policies, ...more },
  };
}

const gateway = { group: 'gateway.networking.k8s.io', kind: 'Gateway', name: 'public' };
const ofRoute = { group: 'gateway.networking.k8s.io', kind: 'HTTPRoute', name: 'api' };
const jwt = (algorithm: string): object => ({
  methods: [
    {
      name: 'corp',
      type: 'JWT',
      jwt: {
        issuer: 'https://login.example.com/',
        algorithms: [algorithm],
        sharedSecret: { name: 'jwt', key: 'secret' },
      },
    },
  ],
});

function token(): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = { iss: 'https://login.example.com/', sub: 'alice', exp: Math.floor(Date.now() / 1000) + 600 };
  const signed = `${part({ alg: 'HS256', typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${createHmac('sha256', secret).update(signed).digest('base64url')}`;
}

interface PolicyStatus {
  readonly status?: {
    readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason: string }[];
    readonly keys?: readonly {
      readonly key: string;
      readonly state: string;
      readonly reason: string;
      readonly message: string;
    }[];
    readonly summary?: { readonly enforced: string };
  };
}

async function settled(name: string, type: string, reason: string): Promise<PolicyStatus['status']> {
  return until(`${type} of ${name} is ${reason}`, async () => {
    const { status } = await get<PolicyStatus>(namespace, `gatewaypolicy/${name}`);
    const condition = status?.conditions?.find((each) => each.type === type);
    return condition?.reason === reason && status;
  });
}

test('a policy of the Gateway protects its routes, and a wait for Enforced ends', async () => {
  await apply(namespace, policy('baseline', gateway, { authentication: jwt('HS256') }));
  await until('the route asks for a token', async () => (await request()).status === 401);
  expect((await request({ authorization: `Bearer ${token()}` })).status).toBe(200);
  await kubectl(['wait', '-n', namespace, '--for=condition=Enforced', 'gwp/baseline', '--timeout=30s']);
  const columns = await kubectl(['get', '-n', namespace, 'gwp', 'baseline', '--no-headers']);
  expect(columns.trim().split(/\s+/).slice(0, 6)).toEqual([
    'baseline',
    'Gateway/public',
    'authentication',
    'Enforce',
    'True',
    'True',
  ]);
});

test('a route that says otherwise is told of at the policy that it overrides, and Overrides are not undone', async () => {
  await apply(namespace, policy('open', ofRoute, { authentication: { mode: 'Disabled' } }));
  await until('the route is open', async () => (await request()).status === 200);
  const baseline = await settled('baseline', 'Enforced', 'Overridden');
  expect(baseline?.keys?.[0]).toMatchObject({ state: 'Overridden', reason: 'OverriddenBelow' });
  expect(baseline?.keys?.[0]?.message).toContain(`GatewayPolicy ${namespace}/open`);

  await apply(namespace, policy('baseline', gateway, { authentication: jwt('HS256') }, { strategy: 'Overrides' }));
  await until('the route asks for a token again', async () => (await request()).status === 401);
  expect((await settled('open', 'Enforced', 'Overridden'))?.keys?.[0]).toMatchObject({ reason: 'OverriddenAbove' });
  const affected = await kubectl([
    'get',
    '-n',
    namespace,
    'gateway/public',
    '-o',
    'jsonpath={.status.conditions[*].type}',
  ]);
  expect(affected).toContain('gateway.suuupra.io/GatewayPolicyAffected');
  await kubectl(['delete', '-n', namespace, 'gwp/baseline', 'gwp/open']);
  await until('nothing protects it any more', async () => (await request()).status === 200);
});

test('a policy that cannot be built closes exactly the rules it is for, says why, and is live again once it is mended', async () => {
  await apply(namespace, httpRoute('other', 'public', 'other.example.com', 'shop'));
  await apply(namespace, policy('broken', ofRoute, { authentication: jwt('RS256') }));
  await until('the route fails closed', async () => (await request()).status === 500);
  const address = await gatewayAddress(namespace, 'public');
  expect((await ask(`http://${address}/`, { host: 'other.example.com' })).status).toBe(200);
  const status = await settled('broken', 'Enforced', 'FailedClosed');
  expect(status?.conditions?.find(({ type }) => type === 'Accepted')).toMatchObject({
    status: 'False',
    reason: 'Invalid',
  });
  const described = await kubectl(['describe', '-n', namespace, 'gwp/broken']);
  expect(described).toMatch(/spec\.policies\.authentication\.methods\[0\]\.jwt/);

  await apply(namespace, policy('broken', ofRoute, { authentication: jwt('HS256') }));
  await until('the route asks for a token', async () => (await request()).status === 401);
  await settled('broken', 'Enforced', 'Enforced');
  await kubectl(['delete', '-n', namespace, 'gwp/broken']);
});

test('the API server refuses what can never work, with a sentence that says what to write', async () => {
  const refused = async (manifest: Manifest): Promise<string> =>
    apply(namespace, manifest).then(
      () => '',
      (error: Error) => error.message,
    );
  const overrides = policy('bad', ofRoute, { cors: { allowOrigins: ['*'] } }, { strategy: 'Overrides' });
  expect(await refused(overrides)).toContain('Overrides may target Gateways and ListenerSets only');
  expect(await refused(policy('bad', ofRoute, { authentication: {} }))).toContain(
    'methods is required unless mode is Disabled',
  );
  expect(await refused(policy('bad', ofRoute, { client: { timeouts: { idle: '1m' } } }))).toContain(
    'client is for Gateways and ListenerSets only',
  );
  expect(await refused(policy('bad', { ...ofRoute, group: 'apps' }, { cors: {} }))).toContain(
    'group does not have that kind',
  );
  // Whatever a key needs, it needs it only to be on.
  const quiet = Object.fromEntries(
    policyKeys.filter((key) => key !== 'client').map((key) => [key, { mode: 'Disabled' }]),
  );
  expect(await refused(policy('quiet', ofRoute, quiet))).toBe('');
});
