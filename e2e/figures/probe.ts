/** Asks one address again and again until it answers as expected; on one connection, since a handshake is not what is measured. */
import { connect, type Socket } from 'node:net';
import { probeHost } from './estate.ts';

export interface Probe {
  /** ms from `since` (performance.now()) until an answer redirects to `/VERSION`. @throws after 60 s */
  until(version: string, since: number): Promise<number>;
  close(): void;
}

const Patience = 60_000;

export function openProbe(host: string, port: number): Probe {
  let socket: Socket | undefined;

  /** The answer's location; undefined if there was none. */
  const ask = async (): Promise<string | undefined> => {
    if (socket === undefined || socket.destroyed) {
      socket = connect({ host, port, noDelay: true });
      socket.on('error', () => {});
    }
    const current = socket;
    const { promise, resolve } = Promise.withResolvers<string | undefined>();
    let text = '';
    const onData = (data: Buffer) => {
      text += data.toString('latin1');
      if (text.includes('\r\n\r\n')) resolve(/^location: \S*\/(\S+)\r$/im.exec(text)?.[1]);
    };
    const onEnd = () => resolve(undefined);
    current.on('data', onData).on('close', onEnd);
    current.write(`GET / HTTP/1.1\r\nHost: ${probeHost}\r\n\r\n`);
    const location = await promise;
    current.off('data', onData).off('close', onEnd);
    // A body, or none at all: the next answer must not be mixed up with it.
    if (location === undefined) current.destroy();
    return location;
  };

  return {
    async until(version, since) {
      const end = performance.now() + Patience;
      while (performance.now() < end) {
        if ((await ask()) === version) return performance.now() - since;
        await new Promise((resolve) => {
          setTimeout(resolve, 1);
        });
      }
      throw new Error(`/${version} was not live within ${Patience / 1000} s`);
    },
    close: () => socket?.destroy(),
  };
}
