/** Waits until a port answers a request; used by every target's start. */
import { request } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import type { Pinned } from '../pinned.ts';

/** How long a proxy may take to come up, in milliseconds. */
const Patience = 30_000;

/** @throws if the process ends, or does not answer 200 in time */
export async function untilReady(process: Pinned, port: number, host: string, path: string): Promise<void> {
  const end = Date.now() + Patience;
  while (Date.now() < end) {
    if ((await statusOf(port, host, path)) === 200) return;
    await Promise.race([process.died, setTimeout(30)]);
  }
  await process.stop();
  throw new Error(`port ${port} did not answer with 200 within ${Patience / 1000} s`);
}

/** @returns 0 if there is no answer */
function statusOf(port: number, host: string, path: string): Promise<number> {
  return new Promise((resolve) => {
    const ask = request(
      { host: '127.0.0.1', port, path, headers: { host }, agent: false, timeout: 1000 },
      (response) => {
        response.resume();
        response.on('end', () => resolve(response.statusCode ?? 0));
        response.on('error', () => resolve(0));
      },
    );
    ask.on('timeout', () => ask.destroy());
    ask.on('error', () => resolve(0));
    ask.end();
  });
}
