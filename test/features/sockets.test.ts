/** What listens where: Gateways that want the same port, ports that cannot be bound, listeners that come and go. */
import { createServer } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Origin } from '../../pkg/testkit/origin.ts';
import { createEcho } from './echo.ts';
import { type Feature, startFeature } from './feature.ts';
import { gatewayClass, gatewayManifest, routeManifest, services } from './folder.ts';
import { until } from './until.ts';

const all = 'allowedRoutes: { namespaces: { from: All } }';
const http = (port: number, name = 'http') => `{ name: ${name}, port: ${port}, protocol: HTTP, ${all} }`;
const rules = '[{ backendRefs: [{ name: one, port: 8080 }] }]';
const routeOf = (gateway: string) =>
  routeManifest(`to-${gateway}`, rules, `${gateway}.example.com`).replace('name: public', `name: ${gateway}`);

let origin: Origin;
let feature: Feature;
beforeAll(async () => {
  origin = await createEcho('one');
  feature = await startFeature(
    {
      'class.yaml': `${gatewayClass}${services({ one: origin.port })}`,
      'alpha.yaml': `${gatewayManifest('alpha', `[${http(80)}]`)}---\n${routeOf('alpha')}`,
    },
    { ports: [8080, 8090] },
  );
});
afterAll(async () => {
  await feature.stop();
  await origin.close();
});

describe('two Gateways on one address and port', () => {
  test('the first keeps it, the second is AddressNotUsable and takes over once the first is gone', async () => {
    const { folder, condition, becomes, ask } = feature;
    await folder.write('beta.yaml', `${gatewayManifest('beta', `[${http(80)}]`)}---\n${routeOf('beta')}`);
    await until(async () => (await condition('Gateway', 'beta', 'Programmed')) === 'False AddressNotUsable');
    expect(await condition('Gateway', 'alpha', 'Programmed')).toBe('True Programmed');
    expect((await ask('http://alpha.example.com/')).status).toBe(200);
    expect((await ask('http://beta.example.com/')).status).toBe(404);
    expect(feature.gateway.stderr()).toMatch(/beta\.yaml:\d+ Gateway\/default\/beta [^"]*alpha/);

    await folder.remove('alpha.yaml');
    await becomes('http://beta.example.com/', 200);
    await until(async () => (await condition('Gateway', 'beta', 'Programmed')) === 'True Programmed');
    await folder.write('alpha.yaml', `${gatewayManifest('alpha', `[${http(80)}]`)}---\n${routeOf('alpha')}`);
    await becomes('http://alpha.example.com/', 200);
    await folder.remove('beta.yaml');
    await until(async () => (await condition('Gateway', 'beta', 'Accepted')) === null);
  });

  test('the second still serves the ports that only it wants', async () => {
    const { folder, condition, becomes } = feature;
    await folder.write(
      'gamma.yaml',
      `${gatewayManifest('gamma', `[${http(80)}, ${http(8080, 'other')}]`)}---\n${routeOf('gamma')}`,
    );
    await becomes('http://gamma.example.com:8080/', 200);
    expect((await feature.ask('http://gamma.example.com/')).status).toBe(404);
    expect(await condition('Gateway', 'gamma', 'Programmed', 'other')).toBe('True Programmed');
    expect(await condition('Gateway', 'gamma', 'Programmed', 'http')).toMatch(/^False /);
    await folder.remove('gamma.yaml');
    await until(async () => (await condition('Gateway', 'gamma', 'Accepted')) === null);
  });
});

describe('a listener', () => {
  test('is opened and closed by an edit; the open connections of others stay', async () => {
    const { folder, ask, becomes, condition } = feature;
    await folder.write(
      'alpha.yaml',
      `${gatewayManifest('alpha', `[${http(80)}, ${http(8080, 'second')}]`)}---\n${routeOf('alpha')}`,
    );
    await becomes('http://alpha.example.com:8080/', 200);
    expect(await condition('Gateway', 'alpha', 'Programmed', 'second')).toBe('True Programmed');
    await folder.write('alpha.yaml', `${gatewayManifest('alpha', `[${http(80)}]`)}---\n${routeOf('alpha')}`);
    await until(async () =>
      ask('http://alpha.example.com:8080/').then(
        () => false,
        () => true,
      ),
    );
    expect((await ask('http://alpha.example.com/')).status).toBe(200);
  });

  test('whose port is taken by another process is a condition, and is bound once the port is free', async () => {
    const { folder, ask, becomes, condition, gateway } = feature;
    const other = createServer();
    await new Promise<void>((resolve) => void other.listen(gateway.port(8090), '0.0.0.0', resolve));
    await folder.write('delta.yaml', `${gatewayManifest('delta', `[${http(8090)}]`)}---\n${routeOf('delta')}`);
    await until(async () => (await condition('Gateway', 'delta', 'Programmed', 'http'))?.startsWith('False'));
    expect(await condition('Gateway', 'delta', 'Programmed')).toBe('False AddressNotUsable');
    expect(await condition('Gateway', 'delta', 'Accepted')).toBe('True Accepted');
    expect(gateway.stderr()).toContain('EADDRINUSE');
    expect((await ask('http://alpha.example.com/')).status).toBe(200);

    await new Promise((resolve) => other.close(resolve));
    await becomes('http://delta.example.com:8090/', 200);
    await until(async () => (await condition('Gateway', 'delta', 'Programmed')) === 'True Programmed');
    await folder.remove('delta.yaml');
  });
});
