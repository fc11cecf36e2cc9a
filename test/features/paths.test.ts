/**
 * One canonical path: however `/admin` is spelt, it reaches the rule of `/admin`, or is refused, or is honestly another path.
 * What is forwarded is what was judged.
 */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openClient } from '../../pkg/testkit/client.ts';
import type { Origin } from '../../pkg/testkit/origin.ts';
import { createEcho, readEcho } from './echo.ts';
import { type Feature, startFeature } from './feature.ts';
import { baseManifests, routeManifest } from './folder.ts';

let origins: Origin[];
let feature: Feature;
beforeAll(async () => {
  origins = await Promise.all([createEcho('admin'), createEcho('public')]);
  const [admin, open] = origins.map(({ port }) => port);
  const rules = `[
    { matches: [{ path: { type: PathPrefix, value: /admin } }], backendRefs: [{ name: admin, port: 8080 }] },
    { matches: [{ path: { type: PathPrefix, value: /public } }], backendRefs: [{ name: public, port: 8080 }] }]`;
  feature = await startFeature({
    'base.yaml': baseManifests({ admin: admin ?? 0, public: open ?? 0 }),
    'route.yaml': routeManifest('paths', rules),
  });
});
afterAll(async () => {
  await feature.stop();
  await Promise.all(origins.map((origin) => origin.close()));
});

/** `admin /admin`: who served it and what arrived there, or the status. Raw bytes: no client may tidy them up. */
async function sent(target: string): Promise<string> {
  const client = await openClient(feature.gateway.port(80));
  client.send(`GET ${target} HTTP/1.1\r\nHost: a.example.com\r\nConnection: close\r\n\r\n`);
  const { startLine, body } = await client.message();
  client.close();
  const status = startLine.split(' ')[1] ?? '';
  if (status !== '200') return status;
  const { origin, line } = readEcho(body.toString('latin1'));
  return `${origin} ${line.split(' ')[1]}`;
}

describe('spellings of /admin', () => {
  test.each([
    ['/admin', 'admin /admin'],
    ['/admin/', 'admin /admin/'],
    ['/admin/.', 'admin /admin/'],
    ['/admin?', 'admin /admin?'],
    ['/./admin', 'admin /admin'],
    ['//admin', 'admin //admin'],
    ['/%61dmin', 'admin /admin'],
    ['/public/../admin', 'admin /admin'],
    ['/public/%2e%2e/admin', 'admin /admin'],
    ['/public/.%2E/admin', 'admin /admin'],
    ['http://a.example.com/public/../admin', 'admin /admin'],
    ['/public/..%2fadmin', '400'],
    ['/public%2f..%2fadmin', '400'],
    ['/public/..;/admin', '400'],
    ['/public/.;/..;/admin', '400'],
    ['/public/..%5cadmin', '400'],
    ['/public\\..\\admin', '400'],
    ['/public/%252e%252e/admin', '400'],
    ['/admin%00', '400'],
    ['/admin%0a', '400'],
    ['/admin#', '400'],
    ['public/../admin', '400'],
  ])('%s: %s', async (target, expected) => {
    expect(await sent(target)).toBe(expected);
  });

  test.each(['/ADMIN', '/admin;x=1', '/adm%C0%AEin', '/%2561dmin', '/administrator'])(
    '%s is another path, which nothing serves',
    async (target) => {
      expect(await sent(target)).toMatch(/^40[04]$/);
    },
  );
});

test('a path that is clean is forwarded byte for byte', async () => {
  const target = "/public/a%20b/%E2%82%AC/x;y=1/~!$&'()*+,=:@?q=%2e%2e/%2F&q=2";
  expect(await sent(target)).toBe(`public ${target}`);
});
