/** What a crowd of slow clients can make a worker hold for policies that read bodies: so much together, whatever each may send. */
import { afterEach, describe, expect, test } from '@jest/globals';
import type { Exchange, RuntimeFilter } from '../policy/runtime.ts';
import { shadow } from '../policy/shadow.ts';
import type { RawStream } from '../testkit/stream.ts';
import { until } from '../testkit/until.ts';
import { filtered, get, post, Stage, transports } from './suite.ts';

const stage = new Stage();
afterEach(() => stage.close());

const crowd = 4;
const heldBytes = 4 * 1_048_576;
const size = heldBytes / crowd - 1;
/** More than one read brings: a body of `size` bytes is held as far as this at least. */
const slack = 100_000;
const begun = `POST / HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n${size.toString(16)}\r\n${'x'.repeat(size)}`;
const rest = '\r\n0\r\n\r\n';
const statusOf = async (client: RawStream): Promise<string> => (await client.message()).startLine.split(' ')[1] ?? '';

/** Reads nearly all of a long body, and goes on when it may. Shorter bodies are read whole. */
function reader() {
  const open = Promise.withResolvers<void>();
  const state = { full: 0, open: () => open.resolve() };
  const onRequest = async ({ request }: Exchange): Promise<void> => {
    if ((await request.readBody(size - slack)) !== null) return;
    state.full++;
    await open.promise;
  };
  return { state, filter: { onRequest } satisfies RuntimeFilter };
}

describe.each(transports)('on the %s transport', (_, transport) => {
  test('beyond it bodies that must be read are 503 until there is room; other requests are served', async () => {
    const { state, filter } = reader();
    const { client, connect } = await stage.scene(transport, { ...filtered(filter), heldBytes });
    const clients = [client, await connect(), await connect(), await connect()];
    for (const each of clients) each.send(begun);
    await until(() => state.full === crowd);

    const [long, short] = [await connect(), await connect()];
    long.send(post('x'.repeat((crowd + 1) * slack)));
    const { startLine, body } = await long.message();
    expect([startLine.split(' ')[1], JSON.parse(String(body))]).toEqual([
      '503',
      expect.objectContaining({ code: 'bodies-held' }),
    ]);
    short.send(get('/'));
    expect(await statusOf(short)).toBe('200');

    // Those that were there first go on, and give back what they held.
    state.open();
    for (const each of clients) each.send(rest);
    for (const each of clients) expect(await statusOf(each)).toBe('200');
    const late = await connect();
    late.send(post('x'.repeat((crowd + 1) * slack)));
    expect(await statusOf(late)).toBe('200');
  });

  test('policies in shadow mode have no more, and keep no request from its backend', async () => {
    const unread: boolean[] = [];
    const onRequest = async ({ request }: Exchange) => void unread.push((await request.readBody(2 * size)) === null);
    const { client, connect } = await stage.scene(transport, {
      ...filtered(shadow({ onRequest }, 'validation')),
      heldBytes,
    });
    const clients = [client, await connect(), await connect(), await connect(), await connect()];
    for (const each of clients) each.send(begun);
    await until(() => unread.length > 0);
    expect(unread).not.toContain(false);
    for (const each of clients) each.send(rest);
    for (const each of clients) expect(await statusOf(each)).toBe('200');
  });
});
