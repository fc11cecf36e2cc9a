import { describe, expect, test } from '@jest/globals';
import { answerOf, oidc, page, script, setup } from './oidc.testing.ts';

const spec = { session: { ...oidc.session, store: 'Redis' } };
type Setup = ReturnType<typeof setup>;

/** The same browser at another replica. */
function replica({ browser, another }: Setup) {
  const other = another();
  for (const [name, value] of browser.jar) other.jar.set(name, value);
  return other;
}

describe('a session in Redis', () => {
  test('is a short cookie, whatever the tokens are; Redis learns neither tokens nor cookie', async () => {
    const { at, browser } = setup(spec);
    at.accessToken = 'x'.repeat(50_000);
    await browser.login('/');
    const cookies = [...browser.jar].filter(([name]) => !name.endsWith('-login'));
    expect(cookies).toHaveLength(1);
    expect(cookies[0]![1].length).toBeLessThan(200);
    expect(at.redis?.size).toBe(1);
    const [[name, value] = ['', '']] = [...(at.redis ?? [])];
    expect(name).toMatch(/^suuupra:session:[\w-]{43}$/);
    expect(/x{20}|eyJhbGciOiJ/.test(value)).toBe(false);
    expect(value.includes(cookies[0]![1].slice(9, 40))).toBe(false);
    expect(at.commands).toEqual([`SET PX 43200000 NX`]);
    const seen = await browser.visit('/');
    expect(seen).toMatchObject({ identity: { subject: 'ada' }, responseHeaders: [] });
    expect(seen.requestHeaders).toContain(`Authorization: Bearer ${at.accessToken}`);
  });

  test('is there for every replica, and asked for again after five seconds', async () => {
    const stage = setup(spec);
    await stage.browser.login('/');
    const other = replica(stage);
    const seen = await Promise.all([other.visit('/'), other.visit('/')]);
    expect(seen.map(({ identity }) => identity?.subject)).toEqual(['ada', 'ada']);
    stage.at.now += 4999;
    await other.visit('/');
    expect(stage.at.commands.filter((command) => command === 'GET')).toHaveLength(1);
    stage.at.now += 1;
    await other.visit('/');
    expect(stage.at.commands.filter((command) => command === 'GET')).toHaveLength(2);
  });

  test('ends everywhere with a logout, also for who has a copy of the cookie', async () => {
    const stage = setup(spec);
    const { at, browser } = stage;
    await browser.login('/');
    const other = replica(stage);
    expect((await other.visit('/')).identity?.subject).toBe('ada');
    await browser.visit('/oauth2/logout');
    expect(at.redis?.size).toBe(0);
    at.now += 5000;
    expect(await other.visit('/')).toMatchObject({ status: 303, identity: null });
  });

  test('that is known passes while Redis is gone, for a minute; then it is 503, as is one that is not known', async () => {
    const stage = setup(spec);
    const { at, browser } = stage;
    await browser.login('/');
    const held = at.redis;
    at.redis = null;
    at.now += 59_999;
    // Logged in, but nobody has looked at it since.
    expect(await replica(stage).visit('/')).toMatchObject({ denied: 'policy-unavailable', identity: null });
    at.redis = held;
    expect((await browser.visit('/')).identity?.subject).toBe('ada');
    at.redis = null;
    at.now += 59_999;
    expect((await browser.visit('/')).identity?.subject).toBe('ada');
    at.now += 1;
    expect(await browser.visit('/')).toMatchObject({ denied: 'policy-unavailable', identity: null });
  });

  test('without Redis nobody is logged in, nor out', async () => {
    const { at, browser } = setup(spec);
    await browser.login('/');
    const held = at.redis;
    at.redis = null;
    expect(await browser.visit('/oauth2/logout')).toMatchObject({ denied: 'policy-unavailable' });
    at.redis = held;
    expect((await browser.visit('/')).identity?.subject).toBe('ada');
    const { at: other, browser: late } = setup(spec);
    other.redis = null;
    expect(await late.login('/')).toMatchObject({ denied: 'policy-unavailable', identity: null });
  });

  test('is prolonged by one replica; the others find what it has brought', async () => {
    const stage = setup(spec);
    const { at, browser } = stage;
    await browser.login('/');
    const other = replica(stage);
    await other.visit('/');
    at.now += 250_000;
    at.accessToken = 'access-2';
    const seen = await browser.visit('/');
    expect(seen.responseHeaders).toEqual([]);
    expect(seen.requestHeaders).toContain('Authorization: Bearer access-2');
    expect((await other.visit('/')).requestHeaders).toContain('Authorization: Bearer access-2');
    expect(at.asked).toHaveLength(2);
    // Nothing but the session is left.
    expect(at.redis?.size).toBe(1);
  });

  test('while another replica is at it, the tokens that are still good go on', async () => {
    const { at, browser } = setup(spec);
    await browser.login('/');
    const [name = ''] = [...(at.redis?.keys() ?? [])];
    at.redis?.set(`${name}:refresh`, '1');
    at.now += 250_000;
    expect((await browser.visit('/')).requestHeaders).toContain('Authorization: Bearer access-1');
    at.now += 60_000;
    expect(await browser.visit('/')).toMatchObject({ denied: 'policy-unavailable' });
    expect(at.asked).toHaveLength(1);
  });

  test('that the provider has ended is gone', async () => {
    const { at, browser } = setup(spec);
    await browser.login('/');
    at.now += 250_000;
    at.answer = answerOf(400, { error: 'invalid_grant' });
    expect(await browser.send('/', { headers: script })).toMatchObject({ status: 401, identity: null });
    expect(at.redis?.size).toBe(0);
  });

  test('does not come back by a refresh that was under way when it was logged out', async () => {
    const stage = setup(spec);
    const { at, browser } = stage;
    await browser.login('/');
    at.now += 250_000;
    const held = at.redis!;
    // The provider answers after the logout.
    at.onAsk = () => held.clear();
    await browser.visit('/');
    expect(held.size).toBe(0);
    at.now += 5000;
    expect(await browser.visit('/')).toMatchObject({ status: 303, identity: null });
  });

  test('of one user is nothing under the name of another', async () => {
    const stage = setup(spec);
    const { at, browser } = stage;
    await browser.login('/');
    const [name = ''] = [...(at.redis?.keys() ?? [])];
    const other = stage.another();
    at.subject = 'eve';
    await other.login('/');
    const [evil = ''] = [...(at.redis?.keys() ?? [])].filter((key) => key !== name);
    // Whoever can write to Redis puts Ada's session in the place of Eve's.
    at.redis?.set(evil, at.redis.get(name) ?? '');
    at.now += 5000;
    expect((await other.send('/', { headers: page })).identity).toBeNull();
  });
});
