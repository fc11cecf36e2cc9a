/** The admin endpoints: what probes, scrapers and people get, and what the health port keeps to itself. */
import { afterEach, describe, expect, test } from '@jest/globals';
import { type AdminServer, debugPages, type Health, startAdminServer } from './server.ts';

const open: AdminServer[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.close();
});

const ready: Health = { ready: true, degraded: false, draining: false };
const unread = [{ collection: 'HTTPRoute in shop', message: 'answered 502: <html>\n  <b>Bad gateway</b>' }];
const why = 'HTTPRoute in shop cannot be read: answered 502: <html> <b>Bad gateway</b>\n';

async function ask(path: string, { health = ready, everything = true, method = 'GET', fails = false } = {}) {
  const server = await startAdminServer({
    address: { host: '127.0.0.1', port: 0 },
    everything,
    health: () => health,
    metrics: () => 'a 1\n',
    inspect: async (page) => {
      if (fails) throw new Error('no answer in 5 s');
      return `"${page}"`;
    },
  });
  open.push(server);
  const response = await fetch(`http://127.0.0.1:${server.port}${path}`, { method });
  return { status: response.status, body: await response.text(), type: response.headers.get('content-type') };
}

describe('readiness', () => {
  test.each<[Partial<Health>, number, string]>([
    [{}, 200, 'ok\n'],
    [{ ready: false }, 503, 'not ready: the first configuration is not served yet\n'],
    [{ degraded: true }, 200, 'degraded: serving the last known good configuration\n'],
    [{ draining: true }, 503, 'draining\n'],
    [{ ready: false, unread }, 503, `not ready: the first configuration is not served yet\n${why}`],
    [{ degraded: true, unread }, 200, `degraded: serving the last known good configuration\n${why}`],
    [{ unread }, 200, `ok, but not all changes arrive\n${why}`],
    [{ unread: [] }, 200, 'ok\n'],
  ])('with %j is %i', async (change, status, body) => {
    expect(await ask('/readyz', { health: { ...ready, ...change } })).toMatchObject({ status, body });
  });

  test('does not matter for being alive', async () => {
    expect(await ask('/livez', { health: { ready: false, degraded: true, draining: true } })).toMatchObject({
      status: 200,
    });
  });
});

describe('pages', () => {
  test.each(debugPages)('%s is JSON', async (page) => {
    expect(await ask(`/debug/${page}`)).toMatchObject({
      status: 200,
      body: `"${page}"`,
      type: expect.stringContaining('json'),
    });
  });
  test('metrics have the type that scrapers ask for', async () => {
    expect(await ask('/metrics?x=1')).toMatchObject({
      status: 200,
      body: 'a 1\n',
      type: expect.stringContaining('version=0.0.4'),
    });
  });
  test('an unknown one names those there are', async () => {
    expect(await ask('/debug/nothing')).toMatchObject({ status: 404, body: expect.stringContaining('/debug/routes') });
  });
  test('a page waits for no controller for ever', async () => {
    expect(await ask('/debug/config', { fails: true })).toMatchObject({
      status: 503,
      body: expect.stringContaining('no answer'),
    });
  });
  test('nothing can be changed', async () =>
    expect(await ask('/readyz', { method: 'POST' })).toMatchObject({ status: 405 }));
});

describe('the health port', () => {
  test.each(['/livez', '/readyz', '/metrics'])('has %s', async (path) => {
    expect(await ask(path, { everything: false })).toMatchObject({ status: 200 });
  });
  test.each(debugPages)('has no %s', async (page) => {
    const answer = await ask(`/debug/${page}`, { everything: false });
    expect(answer).toMatchObject({ status: 404, body: expect.not.stringContaining('debug') });
  });
});
