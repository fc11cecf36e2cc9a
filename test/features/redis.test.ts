/** `spec.dataPlane.redis` of a GatewayClassConfig: what the objects say is what the services thread connects to, also after a change. */
import { afterEach, expect, test } from '@jest/globals';
import { startGateway } from '../../pkg/testkit/gateway.ts';
import { startRedis } from '../../pkg/testkit/redis.ts';
import { configuredClass, createFolder } from './folder.ts';
import { until } from './until.ts';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).toReversed()) await cleanup();
});

const manifests = (
  url: string,
  password: string,
) => `${configuredClass(`{ dataPlane: { redis: { urls: ["${url}"], auth: { name: redis } } } }`)}---
apiVersion: v1
kind: Secret
metadata: { name: redis }
stringData: { password: ${password} }
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: { name: public }
spec: { gatewayClassName: suuupra, listeners: [{ name: http, port: 80, protocol: HTTP }] }
`;

test.each([0, 1])('with %i workers: a password that is corrected brings the connection', async (workers) => {
  const server = await startRedis('--requirepass', 'right');
  cleanups.push(() => server.kill());
  const folder = await createFolder({ 'all.yaml': manifests(server.url, 'wrong') });
  cleanups.push(() => folder[Symbol.asyncDispose]());
  const gateway = await startGateway(folder.path, { workers });
  cleanups.push(() => gateway.stop());
  const up = async (value: number) => (await gateway.page('/metrics')).includes(`suuupra_redis_up ${value}\n`);
  await until(() => up(0));
  await folder.write('all.yaml', manifests(server.url, 'right'));
  await until(() => up(1));
  expect(gateway.stderr()).not.toContain('right');
  await server.kill();
  await until(() => up(0));
});
