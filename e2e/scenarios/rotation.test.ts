/** A certificate that is replaced every second: no handshake fails, and the last one is served a moment later. */
import { X509Certificate } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { makeCertificate, tlsSecret } from '../certificate.ts';
import { gatewayAddress, httpGateway } from '../gateway.ts';
import { handshake } from '../handshake.ts';
import { apply, createNamespace, deleteNamespace } from '../kubectl.ts';
import { until } from '../until.ts';

const namespace = 'e2e-rotation';
const host = 'rotation.example.com';

beforeAll(async () => {
  await createNamespace(namespace);
});

afterAll(async () => {
  await deleteNamespace(namespace);
});

test('ten rotations under new handshakes', async () => {
  const pairs = await Promise.all(Array.from({ length: 11 }, () => makeCertificate(host)));
  const [first, ...others] = pairs;
  if (first === undefined) throw new Error('no certificate was made');
  const listener = {
    name: 'https',
    port: 443,
    protocol: 'HTTPS',
    hostname: host,
    tls: { certificateRefs: [{ name: 'site' }] },
  };
  await apply(namespace, tlsSecret('site', first), httpGateway('site', { listeners: [listener] }));
  const address = await gatewayAddress(namespace, 'site');
  await until('HTTPS answers', () => handshake(address, 443, host));

  const seen = new Set<string>();
  const failures: string[] = [];
  const rotating = new AbortController();
  const clients = Array.from({ length: 4 }, async () => {
    while (!rotating.signal.aborted) {
      try {
        seen.add(await handshake(address, 443, host));
      } catch (error) {
        failures.push(String(error));
      }
      await sleep(50);
    }
  });
  for (const pair of others) {
    await apply(namespace, tlsSecret('site', pair));
    await sleep(1000);
  }
  const last = new X509Certificate(others.at(-1)?.certificate ?? '').fingerprint256;
  await until('the last certificate is served', async () => (await handshake(address, 443, host)) === last, 5);
  rotating.abort();
  await Promise.all(clients);
  expect(failures).toEqual([]);
  // Each was served: a rotation is live well before the next one.
  expect(seen.size).toBeGreaterThanOrEqual(others.length);
});
