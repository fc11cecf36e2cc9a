/** An origin as a process: answers each request with its own bytes, and misbehaves as it is told. Started by `origin.ts`. */
import { Buffer } from 'node:buffer';
import { openSync, writeSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { setTimeout } from 'node:timers/promises';
import type { Message } from '../../pkg/testkit/message.ts';
import { RawStream } from '../../pkg/testkit/stream.ts';
import type { Manner, OriginCommand, OriginData, OriginReply } from './manner.ts';
import { bodyOf, idOf } from './token.ts';

const { name, port, journal } = JSON.parse(process.argv[2] ?? '') as OriginData;
const ledger = openSync(journal, 'a');
const entry = Buffer.alloc(4);
const streams = new Set<RawStream>();
let manner: Manner = 'serve';
let delayMillis = 0;

const server = createServer({ noDelay: true, allowHalfOpen: true }, accept);
const say = (): void => void process.send?.({ connections: streams.size } satisfies OriginReply);

function accept(socket: Socket): void {
  const stream = new RawStream(socket);
  streams.add(stream);
  socket.once('close', () => streams.delete(stream));
  if (manner === 'reset-accept') stream.reset();
  else void serve(stream);
}

async function serve(stream: RawStream): Promise<void> {
  if (manner === 'finish') stream.finish();
  for (;;) {
    await stream.until(() => stream.received.length > 0 || stream.ended);
    if (stream.ended) break;
    // A request that breaks off is nobody's: the proxy gave it up.
    const request = await stream.message().catch(() => null);
    if (request === null) break;
    if (delayMillis > 0) await setTimeout(delayMillis);
    if (!answer(stream, request)) return;
  }
  stream.finish();
}

/** @returns whether the connection goes on */
function answer(stream: RawStream, request: Message): boolean {
  switch (manner) {
    case 'reset-accept':
    case 'reset-request':
      stream.reset();
      return false;
    case 'finish':
      stream.finish();
      return false;
    case 'hang':
      return false;
    case 'garbage':
      stream.send('\u0016\u0003\u0001 SSH-2.0 this is no HTTP\r\n\r\n');
      return false;
    case 'reset-answer':
      execute(request);
      // The reset must not overtake the bytes in front of it.
      stream.socket.write('HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nhalf', () =>
        setImmediate(() => stream.reset()),
      );
      return false;
    case 'serve':
    case 'leave':
      break;
  }
  stream.send(execute(request));
  if (manner === 'serve') return true;
  stream.finish();
  return false;
}

/** Notes the request before anything is told of it. @returns the answer, framed in one way or the other */
function execute(request: Message): Buffer {
  const [method = '', path = ''] = request.startLine.split(' ', 2);
  const id = idOf(path);
  entry.writeUInt32LE(Math.max(id, 0));
  writeSync(ledger, entry);
  const body = method === 'POST' ? request.body : bodyOf(Math.max(id, 0));
  const close = manner === 'leave' ? 'Connection: close\r\n' : '';
  const head = `HTTP/1.1 200 OK\r\nX-Id: ${id}\r\nX-Origin: ${name}\r\n${close}`;
  if (id % 4 !== 1) return Buffer.concat([Buffer.from(`${head}Content-Length: ${body.length}\r\n\r\n`), body]);
  const chunk = `${head}Transfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n`;
  return Buffer.concat([Buffer.from(chunk), body, Buffer.from('\r\n0\r\n\r\n')]);
}

function follow(command: OriginCommand): void {
  if (command.kind === 'reset') for (const stream of streams) stream.reset();
  else if (command.kind === 'behave') {
    ({ manner, delayMillis } = command);
    if (manner === 'leave') server.close();
    else if (!server.listening) server.listen(port, '127.0.0.1');
  }
  say();
}

let tries = 100;
// While an origin is down, a connection that somebody opens may have got its port for a moment.
server.on('error', (error: NodeJS.ErrnoException) => {
  if (error.code !== 'EADDRINUSE' || tries-- === 0) throw error;
  globalThis.setTimeout(() => server.listen(port, '127.0.0.1'), 50);
});
process.on('message', follow);
// Nobody is left to say what to do.
process.on('disconnect', () => process.exit(0));
server.once('listening', say);
server.listen(port, '127.0.0.1');
