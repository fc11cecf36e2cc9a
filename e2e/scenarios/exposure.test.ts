/** How Gateways are reached: a Service each, as their class and they themselves want it; what cannot be had is told. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { ask } from '../ask.ts';
import { gatewayAddress, httpGateway } from '../gateway.ts';
import { apply, createNamespace, deleteNamespace, get, kubectl, type Manifest } from '../kubectl.ts';
import { until } from '../until.ts';

const namespace = 'e2e-exposure';
const group = 'gateway.suuupra.io';
const classes = ['e2e-exposure-node', 'e2e-exposure-host'];

interface GatewayStatus {
  readonly status: {
    readonly addresses?: readonly { readonly type: string; readonly value: string }[];
    readonly conditions: readonly { readonly type: string; readonly reason: string; readonly message: string }[];
  };
}

interface Services {
  readonly items: readonly {
    readonly metadata: { readonly name: string; readonly labels: object; readonly annotations: object };
    readonly spec: {
      readonly type: string;
      readonly ports: readonly { readonly port: number; readonly nodePort: number }[];
    };
  }[];
}

beforeAll(async () => {
  await createNamespace(namespace);
});

afterAll(async () => {
  await kubectl(['delete', 'gatewayclass', ...classes, '--ignore-not-found']);
  await deleteNamespace(namespace);
});

/** Answers `body` on every listener of its Gateways. */
function answer(body: string, ...parents: readonly string[]): Manifest {
  const filter = { type: 'DirectResponse', directResponse: { statusCode: 200, body } };
  return {
    apiVersion: `${group}/v1alpha1`,
    kind: 'GatewayRoute',
    metadata: { name: `answer-${parents[0]}` },
    spec: { parentRefs: parents.map((name) => ({ name })), rules: [{ name: 'all', filters: [filter] }] },
  };
}

function classConfig(name: string, spec: object): Manifest {
  return { apiVersion: `${group}/v1alpha1`, kind: 'GatewayClassConfig', metadata: { name }, spec };
}

async function classOf(name: string, spec: object): Promise<void> {
  await apply(namespace, classConfig(name, spec), {
    apiVersion: 'gateway.networking.k8s.io/v1',
    kind: 'GatewayClass',
    metadata: { name },
    spec: {
      controllerName: `${group}/controller`,
      parametersRef: { group, kind: 'GatewayClassConfig', name, namespace },
    },
  });
}

function own(name: string): object {
  return { infrastructure: { parametersRef: { group, kind: 'GatewayClassConfig', name } } };
}

async function serviceOf(gateway: string): Promise<Services['items'][number] | undefined> {
  const query = ['-l', `gateway.networking.k8s.io/gateway-name=${gateway}`, '-o', 'json'];
  return (JSON.parse(await kubectl(['get', 'service', '-n', namespace, ...query])) as Services).items[0];
}

/** Waits until the condition has this reason, and a message that says `what`. */
async function settled(gateway: string, type: string, reason: string, what: RegExp): Promise<void> {
  await until(`Gateway ${gateway} says ${type} ${reason}: ${what}`, async () => {
    const { status } = await get<GatewayStatus>(namespace, `gateway/${gateway}`);
    return status.conditions.some((each) => each.type === type && each.reason === reason && what.test(each.message));
  });
}

test('two Gateways on one port have an address each, and serve their own routes only', async () => {
  const infrastructure = { labels: { tier: 'edge' }, annotations: { note: 'hello' } };
  await apply(
    namespace,
    httpGateway('one', { infrastructure }),
    httpGateway('two'),
    answer('1', 'one'),
    answer('2', 'two'),
  );
  const [one, two] = [await gatewayAddress(namespace, 'one'), await gatewayAddress(namespace, 'two')];
  expect(one).not.toBe(two);
  for (const [address, body] of [
    [one, '1'],
    [two, '2'],
  ]) {
    expect(await until('it answers', async () => (await ask(`http://${address}/`)).body)).toBe(body);
  }
  expect((await serviceOf('one'))?.metadata).toMatchObject(infrastructure);
});

test('a Gateway with the longest name serves', async () => {
  const name = `0${'a.'.repeat(125)}ab`;
  await apply(namespace, { ...httpGateway(name) }, { ...answer('long', name), metadata: { name: 'long' } });
  const address = await gatewayAddress(namespace, name);
  expect(await until('it answers', async () => (await ask(`http://${address}/`)).body)).toBe('long');
});

test('a listener that is added and removed changes nothing for the others', async () => {
  const port = (number: number) => ({ name: `p${number}`, port: number, protocol: 'HTTP' });
  await apply(namespace, httpGateway('grows'), answer('grown', 'grows'));
  const address = await gatewayAddress(namespace, 'grows');
  await apply(namespace, httpGateway('grows', { listeners: [port(80), port(8080)] }));
  await until('the new port answers', async () => (await ask(`http://${address}:8080/`)).status === 200);
  expect(await gatewayAddress(namespace, 'grows')).toBe(address);
  await apply(namespace, httpGateway('grows', { listeners: [port(80)] }));
  await until('the port is gone', async () => (await serviceOf('grows'))?.spec.ports.length === 1);
  expect((await ask(`http://${address}/`)).status).toBe(200);
});

test('a static address is asked for, and one that cannot be had is told', async () => {
  const fixed = '10.98.0.200';
  await apply(
    namespace,
    httpGateway('fixed', { addresses: [{ type: 'IPAddress', value: fixed }] }),
    answer('fixed', 'fixed'),
  );
  expect(await gatewayAddress(namespace, 'fixed')).toBe(fixed);
  expect((await ask(`http://${fixed}/`)).body).toBe('fixed');
  await apply(namespace, httpGateway('elsewhere', { addresses: [{ type: 'IPAddress', value: '192.0.2.1' }] }));
  await settled('elsewhere', 'Programmed', 'AddressNotUsable', /192\.0\.2\.1/);
});

test('the class says what Services are, and what a Gateway may say itself', async () => {
  const [name = ''] = classes;
  await classOf(name, {
    service: { type: 'NodePort', externalTrafficPolicy: 'Local' },
    gatewayMayOverride: ['ServiceType'],
  });
  await apply(
    namespace,
    classConfig('inside', { service: { type: 'ClusterIP' } }),
    classConfig('greedy', { service: { annotations: { a: 'b' } } }),
    httpGateway('node', { gatewayClassName: name }),
    httpGateway('inside', { gatewayClassName: name, ...own('inside') }),
    httpGateway('greedy', { gatewayClassName: name, ...own('greedy') }),
    answer('in', 'node', 'inside'),
  );
  await gatewayAddress(namespace, 'node');
  const service = await serviceOf('node');
  expect(service?.spec.type).toBe('NodePort');
  const nodes = await get<{ items: { status: { addresses: { type: string; address: string }[] } }[] }>(
    namespace,
    'nodes',
  );
  const addresses = nodes.items.flatMap(({ status }) => status.addresses.filter(({ type }) => type === 'InternalIP'));
  const urls = addresses.map(({ address }) => {
    const host = address.includes(':') ? `[${address}]` : address;
    return `http://${host}:${service?.spec.ports[0]?.nodePort}/`;
  });
  // With Local a node without a gateway pod does not answer; the others do once kube-proxy knows the port.
  const body = await until('a node answers', async () => Promise.any(urls.map(async (url) => (await ask(url)).body)));
  expect(body).toBe('in');
  const inside = await gatewayAddress(namespace, 'inside');
  expect((await ask(`http://${inside}/`)).body).toBe('in');
  await settled('greedy', 'Accepted', 'InvalidParameters', /ServiceAnnotations/);
  expect(await serviceOf('greedy')).toBeUndefined();
});

test("somebody else's Service is not taken over, and a quota is told", async () => {
  await apply(namespace, httpGateway('taken'));
  await gatewayAddress(namespace, 'taken');
  const name = (await serviceOf('taken'))?.metadata.name ?? '';
  await kubectl(['delete', '-n', namespace, 'gateway/taken']);
  await until('its Service is gone', async () => (await serviceOf('taken')) === undefined);
  const theirs = { spec: { ports: [{ port: 80 }] } };
  await apply(namespace, { apiVersion: 'v1', kind: 'Service', metadata: { name }, ...theirs }, httpGateway('taken'));
  await settled('taken', 'Programmed', 'AddressNotAssigned', /not the gateway's/);
  await kubectl(['delete', '-n', namespace, 'service', name]);
  await gatewayAddress(namespace, 'taken');

  await kubectl(['create', 'quota', '-n', namespace, 'services', '--hard=services=0']);
  await apply(namespace, httpGateway('poor'));
  await settled('poor', 'Programmed', 'AddressNotAssigned', /exceeded quota/);
  await kubectl(['delete', '-n', namespace, 'quota/services']);
  await gatewayAddress(namespace, 'poor');
});

test('a class on the host network makes no Service, and tells the addresses of its pods', async () => {
  const [, name = ''] = classes;
  await classOf(name, { dataPlane: { exposure: 'HostNetwork' } });
  const listeners = [{ name: 'http', port: 18_080, protocol: 'HTTP' }];
  await apply(namespace, httpGateway('host', { gatewayClassName: name, listeners }), answer('host', 'host'));
  const address = await gatewayAddress(namespace, 'host');
  expect((await ask(`http://${address}:18080/`)).body).toBe('host');
  expect(await serviceOf('host')).toBeUndefined();
});

test('the Service of a Gateway that is deleted goes with it', async () => {
  expect(await serviceOf('two')).toBeDefined();
  await kubectl(['delete', '-n', namespace, 'gateway/two']);
  await until('its Service is gone', async () => (await serviceOf('two')) === undefined);
  const slices = await kubectl([
    'get',
    'endpointslice',
    '-n',
    namespace,
    '-l',
    'gateway.networking.k8s.io/gateway-name=two',
    '-o',
    'name',
  ]);
  expect(slices).toBe('');
});
