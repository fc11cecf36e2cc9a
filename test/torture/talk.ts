/** A WebSocket that says something now and then and wants to hear it again. Used by the scenarios of drain and of memory. */
import { once } from 'node:events';
import { WebSocket } from 'ws';

export interface Talk {
  /** Words that were said, and that came back. */
  readonly said: number;
  readonly heard: number;
  /** When it ended, `performance.now()`; 0: it is open. */
  readonly ended: number;
  /** Of the close frame; 1006: there was none. */
  readonly code: number;
  /** What was heard that was not said, or not in its turn. */
  readonly garbled: number;
  /** The close handshake, at our wish. */
  leave(): Promise<void>;
}

/** @param every milliseconds between two words. Rejects if the upgrade fails. */
export async function openTalk(port: number, every: number): Promise<Talk> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/talk`, { headers: { host: 'a.example.com' } });
  let said = 0;
  let heard = 0;
  let garbled = 0;
  let ended = 0;
  let code = 0;
  socket.on('message', (data: Buffer) => {
    if (data.toString() !== `word ${heard}`) garbled++;
    heard++;
  });
  const closed = new Promise<void>((resolve) => {
    socket.on('close', (why) => {
      clearInterval(timer);
      ended = performance.now();
      code = why;
      resolve();
    });
  });
  const timer = setInterval(() => {
    if (socket.readyState === WebSocket.OPEN) socket.send(`word ${said++}`);
  }, every);
  await once(socket, 'open');
  // A break is seen as the close that follows.
  socket.on('error', () => undefined);
  return {
    get said() {
      return said;
    },
    get heard() {
      return heard;
    },
    get garbled() {
      return garbled;
    },
    get ended() {
      return ended;
    },
    get code() {
      return code;
    },
    async leave() {
      socket.close(1000);
      await closed;
    },
  };
}
