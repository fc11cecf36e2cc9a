/** What every transport must do: run by `transport-socket.test.ts` and `transport-handle.test.ts`. */
import { Buffer } from 'node:buffer';
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { createServer, connect as netConnect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { Timers } from './timers.ts';
import type { Connection, ConnectionHandler, Transport, TransportServer } from './transport.ts';
import { testTransport } from './transport-selftest.ts';

/** Records what a connection tells. */
export class Recorder implements ConnectionHandler {
  readonly events: string[] = [];
  readonly connection: Connection;
  text = '';
  bytes = 0;
  checksum = 0;
  data: ((bytes: Buffer, start: number, end: number) => void) | undefined;
  #wake: (() => void) | undefined;

  constructor(connection: Connection) {
    this.connection = connection;
    connection.handler = this;
  }

  onData(bytes: Buffer, start: number, end: number): void {
    this.bytes += end - start;
    if (this.data !== undefined) this.data(bytes, start, end);
    else this.text += bytes.toString('latin1', start, end);
    this.#wake?.();
  }

  onEnd(): void {
    this.#tell('end');
  }

  onDrain(): void {
    this.#tell('drain');
  }

  onClose(error: string | null): void {
    this.#tell(`close ${error}`);
  }

  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((wake) => (this.#wake = wake));
  }

  event(event: string): Promise<void> {
    return this.until(() => this.events.some((each) => each.startsWith(event)));
  }

  #tell(event: string): void {
    this.events.push(event);
    this.#wake?.();
  }
}

export function describeTransport(name: string, create: (timers: Timers) => Transport): void {
  describe(`the ${name} transport`, () => {
    let timers: Timers;
    let transport: Transport;
    let server: TransportServer;
    let accepted: Recorder[];
    let clients: Socket[];
    let onAccept: () => void;

    beforeEach(async () => {
      timers = new Timers();
      transport = create(timers);
      accepted = [];
      clients = [];
      onAccept = () => {};
      server = await transport.listen(
        { address: '127.0.0.1', port: 0, reusePort: true, backlog: 512 },
        (connection) => {
          accepted.push(new Recorder(connection));
          onAccept();
        },
      );
    });

    afterEach(async () => {
      for (const client of clients) client.destroy();
      for (const each of accepted) each.connection.destroy();
      await server.close();
      timers.close();
    });

    const accept = async (): Promise<{ client: Socket; side: Recorder }> => {
      const client = netConnect({ port: server.port, host: '127.0.0.1', allowHalfOpen: true });
      client.on('error', () => {});
      clients.push(client);
      const arrived = new Promise<void>((resolve) => (onAccept = resolve));
      await Promise.all([once(client, 'connect'), arrived]);
      return { client, side: accepted.at(-1)! };
    };

    const dial = (host: string, port: number, timeout = 5000): Promise<Recorder | string> =>
      new Promise((resolve) => {
        transport.connect({ host, port, timeout }, (connection, error) => {
          resolve(connection === null ? error! : new Recorder(connection));
        });
      });

    const send = (side: Recorder, text: string): boolean => {
      const length = side.connection.output().write(text, 0, 'latin1');
      return side.connection.writeOutput(length);
    };

    test('passes its own self-test', async () => {
      expect(await testTransport(transport)).toBeNull();
    });

    test('tells addresses, echoes, and ends in order when both sides did', async () => {
      const { client, side } = await accept();
      expect([side.connection.remoteAddress, side.connection.remotePort]).toEqual(['127.0.0.1', client.localPort]);
      expect([side.connection.localAddress, side.connection.localPort]).toEqual(['127.0.0.1', server.port]);
      client.write('hello');
      await side.until(() => side.text === 'hello');
      expect(send(side, 'world')).toBe(true);
      const [reply] = (await once(client, 'data')) as [Buffer];
      expect(reply.toString()).toBe('world');
      client.end();
      await side.event('end');
      // Half-closed: the answer still goes out.
      expect(side.connection.write(Buffer.from('more'), 1, 3)).toBe(true);
      side.connection.end();
      expect(((await once(client, 'data')) as [Buffer])[0].toString()).toBe('or');
      await side.event('close');
      expect(side.events).toEqual(['end', 'close null']);
    });

    test('sends its own FIN and still reads', async () => {
      const { client, side } = await accept();
      side.connection.end();
      client.resume();
      await once(client, 'end');
      client.end('late');
      await side.event('close');
      expect([side.text, side.events]).toEqual(['late', ['end', 'close null']]);
    });

    test('writes after the close are harmless, and close is told once', async () => {
      const { side } = await accept();
      side.connection.destroy();
      side.connection.destroy(true);
      expect(send(side, 'x')).toBe(true);
      expect(side.connection.write(Buffer.from('y'), 0, 1)).toBe(true);
      side.connection.end();
      side.connection.pause();
      side.connection.resume();
      await side.event('close');
      expect(side.events).toEqual(['close null']);
      expect(send(side, 'x')).toBe(true);
    });

    test('destroy(true) resets the peer', async () => {
      const { client, side } = await accept();
      const code = new Promise((resolve) => client.on('error', (error: NodeJS.ErrnoException) => resolve(error.code)));
      side.connection.destroy(true);
      client.resume();
      expect(await code).toBe('ECONNRESET');
    });

    test('a reset is seen while paused', async () => {
      const { client, side } = await accept();
      side.connection.pause();
      client.write('held');
      client.resetAndDestroy();
      await side.event('close');
      expect(side.events).toEqual(['close ECONNRESET']);
      expect(side.text).toBe('');
    });

    test('bytes that came while paused are held in order, and so is the FIN behind them', async () => {
      const { client, side } = await accept();
      client.write('a');
      await side.until(() => side.text === 'a');
      side.connection.pause();
      client.end('b'.repeat(300_000));
      await new Promise<void>((resolve) => setImmediate(resolve));
      expect([side.text, side.events]).toEqual(['a', []]);
      side.connection.resume();
      await side.event('end');
      expect(side.text.length).toBe(300_001);
    });

    test('a FIN is told while paused if nothing is held', async () => {
      const { client, side } = await accept();
      side.connection.pause();
      client.end();
      await side.event('end');
      expect(side.events).toEqual(['end']);
    });

    const Large = 64 * 1024 * 1024;

    test('64 MiB to a slow reader arrive whole, in bounded memory, with one drain per refusal', async () => {
      const { client, side } = await accept();
      const chunk = Buffer.alloc(100_000, 'x');
      let sent = 0;
      let refusals = 0;
      const pump = (): void => {
        while (sent < Large) {
          sent += chunk.length;
          chunk.copy(side.connection.output());
          if (!side.connection.writeOutput(chunk.length)) {
            refusals += side.connection.pending ? 1 : 1000;
            return;
          }
        }
        side.connection.end();
      };
      side.onDrain = () => {
        expect(side.connection.pending).toBe(false);
        side.events.push('drain');
        pump();
      };
      const before = process.memoryUsage.rss();
      pump();
      expect(refusals).toBe(1);
      let received = 0;
      let grown = 0;
      for await (const data of client) {
        received += (data as Buffer).length;
        if (received % 7 === 0) await new Promise<void>((resolve) => setImmediate(resolve));
        grown = Math.max(grown, process.memoryUsage.rss() - before);
      }
      expect(received).toBe(sent);
      expect(side.events.filter((each) => each === 'drain').length).toBe(refusals);
      expect(grown).toBeLessThan(60 * 1024 * 1024);
    });

    test('64 MiB from a fast client wait while the owner pauses', async () => {
      const { client, side } = await accept();
      let received = 0;
      side.data = (_bytes, start, end) => {
        received += end - start;
        side.connection.pause();
        setImmediate(() => side.connection.resume());
      };
      const chunk = Buffer.alloc(1024 * 1024, 'y');
      for (let i = 0; i < 64; i++) if (!client.write(chunk)) await once(client, 'drain');
      client.end();
      await side.event('end');
      expect(received).toBe(Large);
    });

    test('writes behind a waiting one keep their order', async () => {
      const { client, side } = await accept();
      const big = Buffer.alloc(8 * 1024 * 1024, 'a');
      expect(side.connection.write(big, 0, big.length)).toBe(false);
      expect(send(side, 'bbb')).toBe(false);
      expect(side.connection.write(Buffer.from('xccc'), 1, 4)).toBe(false);
      side.connection.end();
      let tail = '';
      let received = 0;
      for await (const data of client) {
        received += (data as Buffer).length;
        tail = (tail + (data as Buffer).toString('latin1')).slice(-8);
      }
      expect([received, tail]).toEqual([big.length + 6, 'aabbbccc']);
      expect(side.events).toEqual(['drain']);
    });

    test('readInto is a wish that changes no byte, in the middle of a stream', async () => {
      const { client, side } = await accept();
      const own = Buffer.alloc(256 * 1024);
      let expected = 0;
      side.data = (bytes, start, end) => {
        for (let i = start; i < end; i++) if (bytes[i] !== expected++ % 251) throw new Error(`byte ${expected}`);
        side.connection.readInto(Math.floor(expected / 500_000) % 2 === 0 ? own : null);
      };
      const all = Buffer.alloc(8 * 1024 * 1024);
      for (let i = 0; i < all.length; i++) all[i] = i % 251;
      client.end(all);
      await side.event('end');
      expect(expected).toBe(all.length);
    });

    test('connects: data both ways, refusal, timeout, and an address that cannot be', async () => {
      const side = (await dial('127.0.0.1', server.port)) as Recorder;
      send(side, 'ping');
      await Promise.resolve();
      const peer = await new Promise<Recorder>((resolve) => {
        if (accepted[0] !== undefined) resolve(accepted[0]);
        onAccept = () => resolve(accepted[0]!);
      });
      await peer.until(() => peer.text === 'ping');
      send(peer, 'pong');
      await side.until(() => side.text === 'pong');
      expect([side.connection.remoteAddress, side.connection.remotePort]).toEqual(['127.0.0.1', server.port]);
      // While paused nothing comes; afterwards all of it.
      side.connection.pause();
      send(peer, '!');
      peer.connection.end();
      await new Promise<void>((resolve) => setImmediate(resolve));
      expect(side.text).toBe('pong');
      side.connection.resume();
      await side.event('end');
      expect(side.text).toBe('pong!');
      side.connection.end();
      await side.event('close');
      const closed = createServer();
      closed.listen(0, '127.0.0.1');
      await once(closed, 'listening');
      const { port } = closed.address() as { port: number };
      closed.close();
      await once(closed, 'close');
      expect(await dial('127.0.0.1', port)).toBe('ECONNREFUSED');
      expect(await dial('/nowhere/at/all.sock', 0)).toBe('ENOENT');
    });

    test('gives a connect up in time', async () => {
      // A clock that leaps, and an alarm that rings before the system can answer.
      let now = 0;
      const hasty = new Timers(() => (now += 10_000), { set: (_ms, ring) => queueMicrotask(ring), clear() {} });
      const impatient = create(hasty);
      const error = await new Promise((resolve) => {
        impatient.connect({ host: '127.0.0.1', port: server.port, timeout: 10 }, (_, code) => resolve(code));
      });
      expect(error).toBe('ETIMEDOUT');
      hasty.close();
    });

    test('connects to a unix socket', async () => {
      const path = join(tmpdir(), `suuupra-${process.pid}-${name}.sock`);
      const listener = createServer((socket) => socket.pipe(socket));
      listener.listen(path);
      await once(listener, 'listening');
      const side = (await dial(path, 0)) as Recorder;
      send(side, 'unix');
      await side.until(() => side.text === 'unix');
      expect(side.connection.tls).toBeNull();
      side.connection.destroy(true);
      await side.event('close');
      listener.close();
      await rm(path, { force: true });
    });

    test('200 connections at once each get their own bytes', async () => {
      const all = new Promise<void>((resolve) => {
        onAccept = () => {
          const each = accepted.at(-1)!;
          each.data = (bytes, start, end) => {
            bytes.copy(each.connection.output(), 0, start, end);
            each.connection.writeOutput(end - start);
          };
          if (accepted.length === 200) resolve();
        };
      });
      const sides = (await Promise.all(
        Array.from({ length: 200 }, () => dial('127.0.0.1', server.port)),
      )) as Recorder[];
      await all;
      sides.forEach((side, i) => send(side, `number ${i};`));
      await Promise.all(sides.map((side) => side.until(() => side.text.endsWith(';'))));
      expect(sides.map((side) => side.text)).toEqual(sides.map((_, i) => `number ${i};`));
      for (const side of sides) side.connection.destroy();
      await Promise.all(sides.map((side) => side.event('close')));
    });

    test('an address in use is an error that says so; `*` serves IPv4 clients under their plain address', async () => {
      const listening = (port: number, reusePort: boolean, address: string) =>
        transport.listen({ address, port, reusePort, backlog: 8 }, (connection) => {
          accepted.push(new Recorder(connection));
          onAccept();
        });
      await expect(listening(server.port, false, '127.0.0.1')).rejects.toMatchObject({ code: 'EADDRINUSE' });
      const shared = await listening(server.port, true, '127.0.0.1');
      await shared.close();
      const any = await listening(0, false, '*');
      const arrived = new Promise<void>((resolve) => (onAccept = resolve));
      const side = (await dial('127.0.0.1', any.port)) as Recorder;
      await arrived;
      expect(accepted.at(-1)!.connection.remoteAddress).toBe('127.0.0.1');
      expect(accepted.at(-1)!.connection.localAddress).toBe('127.0.0.1');
      side.connection.destroy();
      await side.event('close');
      await any.close();
    });
  });
}
