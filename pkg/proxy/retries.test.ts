import { afterEach, describe, expect, test } from '@jest/globals';
import { type Answer, createOrigin, reply } from '../testkit/origin.ts';
import { get, post, Stage, transports } from './suite.ts';

const stage = new Stage();
afterEach(() => stage.close());

/** Answers the first requests with these, then 200 and the request's body. */
function inTurn(...answers: readonly ('reset' | 'silent' | number)[]): Answer {
  let turn = 0;
  return (request, stream) => {
    const answer = answers[turn++];
    if (answer === undefined) return reply(`ok ${String(request.body)}`);
    if (answer === 'reset') stream.reset();
    if (typeof answer === 'string') return null;
    return `HTTP/1.1 ${answer} Failed\r\nContent-Length: 0\r\n\r\n`;
  };
}

const retry = (attempts: number, ...codes: number[]) => ({ attempts, codes, backoff: 10 });

describe.each(transports)('retries on the %s transport', (_, transport) => {
  // Gateway API conformance, HTTPRouteRetry: attempts are retries; only listed codes; the last status passes.
  test.each([
    [retry(3, 500), [500, 500], 200],
    [retry(3, 500), [500, 500, 500, 500], 500],
    [retry(3, 500), [503], 503],
    [retry(2, 500, 502, 503, 504), [502], 200],
    [retry(2, 500, 502, 503, 504), [503, 503, 503], 503],
    [retry(3), ['reset', 'reset'] as const, 200],
    [retry(3), ['reset', 'reset', 'reset', 'reset'] as const, 503],
    [undefined, [500], 500],
  ])('%j after %j is %i', async (rule, answers, status) => {
    const { client, proxy } = await stage.scene(
      transport,
      { rules: [rule === undefined ? {} : { retry: rule }] },
      inTurn(...answers),
    );
    client.send(get('/'));
    expect((await client.message()).startLine).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect((await proxy.recorded(1)).attempts).toBe(
      Math.min(answers.length + 1, 1 + (rule?.attempts ?? 0), status === 503 && rule?.codes.length === 1 ? 1 : 99),
    );
  });

  test('a body is sent again, with its trailers', async () => {
    const { client, origin } = await stage.scene(transport, { rules: [{ retry: retry(2, 500) }] }, inTurn(500));
    client.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 3\r\n\r\n');
    expect(String((await client.message()).body)).toBe('ok abc');
    expect(origin.requests.map(({ body, trailers }) => [String(body), trailers])).toEqual([
      ['abc', [['X-Sum', '3']]],
      ['abc', [['X-Sum', '3']]],
    ]);
  });

  test('a body beyond the bound is sent once', async () => {
    const { client } = await stage.scene(
      transport,
      { rules: [{ retry: retry(2, 500) }], settings: { limits: { replayBytes: 10 } } },
      inTurn(500),
    );
    client.send(post('more than ten bytes'));
    expect((await client.message()).startLine).toMatch(/500/);
  });

  test.each([
    ['GET', get('/'), 200, 2],
    ['POST', post('once'), 502, 1],
  ])('%s that got bytes which are no HTTP, with retry', async (_method, request, status, sent) => {
    let turn = 0;
    const { client, origin } = await stage.scene(transport, { rules: [{ retry: retry(3) }] }, () =>
      turn++ === 0 ? 'SSH-2.0 hello\r\n\r\n' : reply('ok'),
    );
    client.send(request);
    expect((await client.message()).startLine).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    expect(origin.requests).toHaveLength(sent);
  });

  test('a POST that a server may have acted on is not sent twice', async () => {
    const { client, origin } = await stage.scene(transport, { rules: [{ retry: retry(3) }] }, inTurn('reset'));
    client.send(post('once'));
    const answer = await client.message();
    // A 503 with Retry-After would ask the client to do what the proxy must not.
    expect(answer.startLine).toMatch(/502/);
    expect(answer.header('retry-after')).toBeUndefined();
    expect(origin.requests).toHaveLength(1);
  });

  test('backend timeouts are tried again, and end in 504', async () => {
    const rules = [{ retry: retry(2), timeouts: { backendRequest: 50 } }];
    const good = await stage.scene(transport, { rules }, inTurn('silent', 'silent'));
    good.client.send(get('/'));
    expect((await good.client.message()).startLine).toMatch(/200/);
    const bad = await stage.scene(transport, { rules }, inTurn('silent', 'silent', 'silent'));
    bad.client.send(get('/'));
    expect((await bad.client.message()).startLine).toMatch(/504/);
  });

  test('the request timeout ends everything with 504, and the connection lives on', async () => {
    const { client, proxy } = await stage.scene(
      transport,
      { rules: [{ timeouts: { request: 60 } }] },
      inTurn('silent'),
    );
    client.send(get('/'));
    expect((await client.message()).startLine).toMatch(/504/);
    expect(await proxy.recorded(1)).toMatchObject({ flag: 'UT', status: 504 });
    client.send(get('/'));
    expect((await client.message()).startLine).toMatch(/200/);
  });

  test('a body that stops is ended by the idle timeout', async () => {
    const { client } = await stage.scene(transport, { rules: [{ timeouts: { idle: 50 } }] }, (_request, stream) => {
      stream.send('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf');
      return null;
    });
    client.send(get('/'));
    await expect(client.message()).rejects.toThrow('ECONNRESET');
  });
});

describe.each(transports)('backends on the %s transport', (_, transport) => {
  async function two(options: object, random = Math.random) {
    const second = stage.own(await createOrigin(() => reply('second')));
    const first = stage.own(await createOrigin(() => reply('first')));
    return stage.scene(transport, { backends: [first.port, second.port], random, ...options });
  }
  const backend = (cluster: string | null, weight: number, priority = 0, filters: string[] = []) => ({
    cluster,
    weight,
    priority,
    filters,
  });
  const forward = (...backends: ReturnType<typeof backend>[]) => [{ action: { kind: 'forward' as const, backends } }];

  test('shares follow the weights, and an invalid backend answers 500 for its own', async () => {
    let turn = 0;
    const { client } = await two(
      { rules: forward(backend('c0', 2), backend(null, 1), backend('c1', 1)) },
      () => (turn++ % 8) / 8,
    );
    const seen: string[] = [];
    for (let i = 0; i < 8; i++) {
      client.send(get('/'));
      const { startLine, body } = await client.message();
      seen.push(startLine.includes('200') ? String(body) : startLine.split(' ')[1]!);
    }
    const count = (text: string): number => seen.filter((each) => each === text).length;
    expect([count('first'), count('500'), count('second')]).toEqual([4, 2, 2]);
  });

  test('no weight above 0 is 500', async () => {
    const { client } = await two({ rules: forward(backend('c0', 0), backend('c1', 0)) });
    client.send(get('/'));
    expect((await client.message()).startLine).toMatch(/500/);
  });

  test('filters of the chosen backend run, and may answer', async () => {
    const { client } = await two({
      rules: forward(backend('c0', 1, 0, ['go'])),
      filters: { go: { kind: 'redirect', config: { hostname: 'elsewhere.example', status: 302, exemptPrefixes: [] } } },
    });
    client.send(get('/a?b=1'));
    const response = await client.message();
    expect([response.startLine, response.header('location')]).toEqual([
      'HTTP/1.1 302 Found',
      'http://elsewhere.example/a?b=1',
    ]);
  });

  test('mirrors get a copy with its body, and neither their silence nor their death matters', async () => {
    const mirrored = stage.own(await createOrigin(() => null));
    const main = stage.own(await createOrigin(() => reply('main')));
    const { client } = await stage.scene(transport, {
      backends: [main.port, mirrored.port, 1],
      rules: [{ ...forward(backend('c0', 1))[0], filters: ['m'] }],
      filters: {
        m: {
          kind: 'mirror',
          config: {
            mirrors: [
              { cluster: 'c1', numerator: 1, denominator: 1 },
              { cluster: 'c2', numerator: 1, denominator: 1 },
            ],
          },
        },
      },
    });
    client.send(post('copied'));
    expect(String((await client.message()).body)).toBe('main');
    const stream = await mirrored.connection(0);
    await stream.until(() => mirrored.requests.length === 1);
    expect(String(mirrored.requests[0]!.body)).toBe('copied');
  });
});
