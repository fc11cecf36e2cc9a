import { Buffer } from 'node:buffer';
import { randomFillSync } from 'node:crypto';
import { afterEach, describe, expect, test } from '@jest/globals';
import { reply } from '../testkit/origin.ts';
import { get, post, Stage, transports } from './suite.ts';

const stage = new Stage();
afterEach(() => stage.close());

const chunkedPost = 'POST / HTTP/1.1\r\nHost: example.com\r\nTransfer-Encoding: chunked\r\n\r\n';

describe.each(transports)('on the %s transport', (_, transport) => {
  test('a small body with its head is one request of one length', async () => {
    const { client, origin } = await stage.scene(transport);
    client.send(post('hello'));
    await client.message();
    expect(String(origin.requests[0]!.body)).toBe('hello');
    expect(origin.requests[0]!.header('content-length')).toBe('5');
  });

  test('a body that arrives with the next request is cut where it ends', async () => {
    const { client, origin } = await stage.scene(transport);
    client.send(post('one') + post('two') + get('/three'));
    for (let i = 0; i < 3; i++) await client.message();
    expect(origin.requests.map(({ body }) => String(body))).toEqual(['one', 'two', '']);
  });

  test('chunks are re-framed, extensions dropped, trailers kept', async () => {
    const { client, origin } = await stage.scene(transport);
    client.send(`${chunkedPost}3;ext=1\r\nabc\r\n2\r\nde\r\n0\r\nX-Sum: 5\r\n\r\n`);
    await client.message();
    const [request] = origin.requests;
    expect([String(request!.body), request!.trailers]).toEqual(['abcde', [['X-Sum', '5']]]);
    expect(request!.raw.toString('latin1')).not.toContain('ext');
  });

  test('a large body passes whole in both directions', async () => {
    const body = randomFillSync(Buffer.alloc(8 << 20));
    const { client, origin } = await stage.scene(transport, {}, async (request, stream) => {
      stream.send(`HTTP/1.1 200 OK\r\nContent-Length: ${request.body.length}\r\n\r\n`);
      stream.send(request.body);
      return '';
    });
    client.send(`POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: ${body.length}\r\n\r\n`);
    client.send(body);
    const response = await client.message();
    expect(origin.requests[0]!.body.equals(body)).toBe(true);
    expect(response.body.equals(body)).toBe(true);
  });

  test('a response of unknown length is chunked to HTTP/1.1 and ends with the connection for HTTP/1.0', async () => {
    const { client, connect } = await stage.scene(transport, {}, (_request, stream) => {
      stream.send('HTTP/1.1 200 OK\r\n\r\nuntil the end');
      stream.finish();
      return null;
    });
    client.send(get('/'));
    const chunked = await client.message();
    expect([chunked.header('transfer-encoding'), String(chunked.body)]).toEqual(['chunked', 'until the end']);
    const old = await connect();
    old.send('GET / HTTP/1.0\r\nHost: example.com\r\n\r\n');
    const plain = await old.message();
    expect([plain.header('transfer-encoding'), plain.header('connection'), String(plain.body)]).toEqual([
      undefined,
      'close',
      'until the end',
    ]);
  });

  test('chunked responses keep their trailers for HTTP/1.1', async () => {
    const { client } = await stage.scene(
      transport,
      {},
      () => 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 3\r\n\r\n',
    );
    client.send(get('/'));
    const response = await client.message();
    expect([String(response.body), response.trailers]).toEqual(['abc', [['X-Sum', '3']]]);
  });

  test.each([
    ['HEAD', 'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n', '1000'],
    ['GET', 'HTTP/1.1 204 No Content\r\n\r\n', undefined],
    ['GET', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n', '7'],
  ])('%s answered by %j has no body, and the connection lives on', async (method, answer, length) => {
    const { client } = await stage.scene(transport, {}, (request) =>
      request.startLine.includes('/next') ? reply('next') : answer,
    );
    client.send(`${method} / HTTP/1.1\r\nHost: example.com\r\n\r\n`);
    const response = await client.message({ head: method === 'HEAD' });
    expect([response.header('content-length'), response.header('transfer-encoding')]).toEqual([length, undefined]);
    client.send(get('/next'));
    expect(String((await client.message()).body)).toBe('next');
  });

  test('events are passed on as they come', async () => {
    const { client, origin } = await stage.scene(transport, {}, null);
    client.send(get('/'));
    const upstream = await origin.connection(0);
    await upstream.message();
    upstream.send('HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n');
    await client.until(() => client.received.includes('\r\n\r\n'));
    for (const event of ['data: 1\n\n', 'data: 2\n\n']) {
      upstream.send(`${event.length.toString(16)}\r\n${event}\r\n`);
      await client.until(() => client.received.includes(event));
    }
    upstream.send('0\r\n\r\n');
    expect(String((await client.message()).body)).toBe('data: 1\n\ndata: 2\n\n');
  });

  test('100-continue passes from the origin to a client that asked for it', async () => {
    const { client, origin } = await stage.scene(transport, {}, null);
    client.send('POST / HTTP/1.1\r\nHost: example.com\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n');
    const upstream = await origin.connection(0);
    await upstream.until(() => upstream.received.includes('\r\n\r\n'));
    expect(upstream.received.toString('latin1')).toContain('Expect: 100-continue');
    upstream.send('HTTP/1.1 100 Continue\r\n\r\n');
    expect((await client.message()).startLine).toBe('HTTP/1.1 100 Continue');
    client.send('body');
    expect(String((await upstream.message()).body)).toBe('body');
    upstream.send(reply('done'));
    expect(String((await client.message()).body)).toBe('done');
  });

  test('103 passes to HTTP/1.1 and not to HTTP/1.0', async () => {
    const { client, connect } = await stage.scene(
      transport,
      {},
      () => `HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n${reply('ok')}`,
    );
    client.send(get('/'));
    const hints = await client.message();
    expect([hints.startLine, hints.header('link')]).toEqual(['HTTP/1.1 103 Early Hints', '</a.css>']);
    expect(String((await client.message()).body)).toBe('ok');
    const old = await connect();
    old.send('GET / HTTP/1.0\r\nHost: example.com\r\n\r\n');
    expect((await old.message()).startLine).toBe('HTTP/1.1 200 OK');
  });

  test('an early answer to an upload arrives whole, and the connection closes in good order', async () => {
    const { client, origin } = await stage.scene(transport, {}, null);
    client.send('POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 1000000\r\n\r\nfirst bytes');
    const upstream = await origin.connection(0);
    await upstream.until(() => upstream.received.includes('first bytes'));
    upstream.send('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
    const response = await client.message();
    expect([response.startLine, response.header('connection'), String(response.body)]).toEqual([
      'HTTP/1.1 403 Forbidden',
      'close',
      'no',
    ]);
    client.send(Buffer.alloc(100_000));
    await client.end();
    expect(client.error).toBeNull();
  });

  test('an early answer to a short upload keeps the connection', async () => {
    const { client } = await stage.scene(transport, { backends: [] });
    client.send('POST / HTTP/1.1\r\nHost: example.com\r\nContent-Length: 10\r\n\r\n01234');
    expect((await client.message()).startLine).toBe('HTTP/1.1 500 Internal Server Error');
    client.send(`56789${get('/')}`);
    expect((await client.message()).startLine).toBe('HTTP/1.1 500 Internal Server Error');
  });

  test('a slow reader holds the origin back', async () => {
    const total = 64 << 20;
    const piece = Buffer.alloc(1 << 20);
    const { client, origin } = await stage.scene(transport, {}, null);
    client.socket.pause();
    client.send(get('/'));
    const upstream = await origin.connection(0);
    await upstream.message();
    upstream.send(`HTTP/1.1 200 OK\r\nContent-Length: ${total}\r\n\r\n`);
    let sent = 0;
    while (sent < total && upstream.socket.write(piece)) sent += piece.length;
    // The origin's own kernel buffer and ours take some; the rest stays where it is until the client reads.
    expect(sent).toBeLessThan(total);
    upstream.socket.on('drain', () => {
      sent += piece.length;
      while (sent < total && upstream.socket.write(piece)) sent += piece.length;
    });
    let received = 0;
    client.socket.removeAllListeners('data');
    await new Promise<void>((resolve) => {
      client.socket.on('data', (bytes: Buffer) => {
        received += bytes.length;
        if (received >= total) resolve();
      });
      client.socket.resume();
    });
    expect(received).toBeGreaterThanOrEqual(total);
  });
});
