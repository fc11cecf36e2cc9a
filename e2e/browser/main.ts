/** Login, refresh and logout in a real browser, at a real OpenID provider: `make browser-test`. Prints what was seen, and what CI counts; exits 1 if it was not that. */
import assert from 'node:assert/strict';
import { setTimeout } from 'node:timers/promises';
import type { Echoed } from '../../test/features/echo.ts';
import { startLogin } from '../../test/features/login-stage.ts';
import { type Chromium, startChromium } from './chromium.ts';

const GOOD_FOR = 5;

let seen = 0;
process.on('exit', (code) => process.stdout.write(`${seen} passed, ${code === 0 ? 0 : 1} failed\n`));

await using cleanup = new AsyncDisposableStack();
const stage = await startLogin(GOOD_FOR);
cleanup.defer(() => stage.stop());
const browser = await startChromium();
cleanup.defer(() => browser.close());
const tokens = (): number => stage.provider.asked.filter((asked) => asked === 'POST /token').length;

await browser.open(`${stage.app}/orders?page=2`);
assert.equal(await originOf(browser), stage.provider.issuer);
tell(`${browser.version} is sent to the provider`);

await logIn(browser);
assert.equal(await browser.read('location.href'), `${stage.app}/orders?page=2`);
assert.equal((await echoed(browser)).fields['x-user'], 'ada');
assert.equal(await browser.read<string>('document.cookie'), 'own=1');
tell('is logged in, at the page it asked for; scripts do not see the session');

assert.equal(await browser.read('fetch("/api").then((answer) => answer.status)'), 200);
tell('scripts of the page use the session');

await setTimeout(GOOD_FOR * 800 + 300);
const before = tokens();
const statuses = await browser.read<number[]>(
  'Promise.all(Array.from({ length: 12 }, (_, i) => fetch("/api?" + i).then((answer) => answer.status)))',
);
assert.deepEqual(statuses, Array<number>(12).fill(200));
assert.equal(tokens(), before + 1);
await browser.open(`${stage.app}/`);
assert.equal((await echoed(browser)).fields['x-user'], 'ada');
assert.equal(tokens(), before + 1);
tell('is prolonged by one refresh, for 12 requests at once in 2 workers');

await browser.open(`${stage.app}/oauth2/logout`);
assert.equal(await originOf(browser), stage.provider.issuer);
await browser.leave('document.querySelector("button[value=yes]").click()');
await browser.open(`${stage.app}/`);
assert.equal(await browser.read('document.querySelector("[type=password]") !== null'), true);
tell('is logged out here and at the provider: the next visit asks for a password');

await browser.open(`${stage.provider.issuer}/nothing`);
assert.equal(
  await browser.read(`fetch("${stage.app}/api", { credentials: "include" }).then(() => "read", () => "refused")`),
  'refused',
);
tell('a page of another origin gets nothing');

function tell(what: string): void {
  seen++;
  process.stdout.write(`ok  ${what}\n`);
}

function originOf(tab: Chromium): Promise<string> {
  return tab.read('location.origin');
}

async function echoed(tab: Chromium): Promise<Echoed> {
  return JSON.parse(await tab.read<string>('document.body.innerText')) as Echoed;
}

async function logIn(tab: Chromium): Promise<void> {
  await tab.leave(
    'document.querySelector("[name=login]").value = "ada"; document.querySelector("[name=password]").value = "x"; document.querySelector("[type=submit]").click()',
  );
  await tab.leave('document.querySelector("[type=submit]").click()');
}
