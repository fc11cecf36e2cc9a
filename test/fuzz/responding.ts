/** Sends a backend's answer through the whole gateway, and says whether the client got what our reading of it says. Used by `responses-part.ts`. */

import { Buffer } from 'node:buffer';
import type { Script } from '../strict/recorder.ts';
import { isAccepted } from './comparison.ts';
import { Gateway, type Seen, type TransportName, transports } from './gateway.ts';
import type { ResponseReading } from './response-codec.ts';

/** The recorder keeps every byte. */
const MaxUse = 500;

/** The gateway on both transports, in front of a backend that answers as it is told. */
export class Responding {
  readonly #gateways = new Map<TransportName, Gateway>();
  #answer = '';

  /** @returns what the client got otherwise, or null */
  async check(name: TransportName, text: string, method: string, ours: ResponseReading): Promise<string | null> {
    const script: Script = () => ({ bytes: this.#answer, end: true });
    const gateway = this.#gateways.get(name) ?? (await Gateway.open(name, script));
    this.#gateways.set(name, gateway);
    this.#answer = text;
    const request = Buffer.from(`${method} / HTTP/1.1\r\nHost: a.example\r\n\r\n`, 'latin1');
    return checkAnswer(ours, await gateway.send([request], [method], 1));
  }

  /** Closes those that have kept enough. @returns what is wrong with what they sent */
  async renew(always: boolean): Promise<readonly string[]> {
    const wrong: string[] = [];
    for (const name of Object.keys(transports) as TransportName[]) {
      const gateway = this.#gateways.get(name);
      if (gateway === undefined || (!always && gateway.used < MaxUse)) continue;
      this.#gateways.delete(name);
      wrong.push(...(await gateway.close()).map((what) => `${name}: ${what}`));
    }
    return wrong;
  }
}

function checkAnswer(ours: ResponseReading, { answers, stop, forwarded }: Seen): string | null {
  if (forwarded.length !== 1) return `${forwarded.length} requests came to the backend`;
  const [answer, ...more] = answers;
  if (more.length > 0) return `the client got ${answers.length} answers`;
  if (stop.startsWith('broken') || stop === 'silent') return stop;
  const last = ours.frames.at(-1);
  if (isAccepted(ours) && last !== undefined) {
    if (answer === undefined) return `the client got no answer (${stop})`;
    if (answer.status !== last.start) return `${last.start} came as ${answer.status}`;
    if (answer.body !== last.body) return `body ${JSON.stringify(last.body)} came as ${JSON.stringify(answer.body)}`;
    const interim = ours.frames
      .slice(0, -1)
      .map(({ start }) => start)
      .filter((status) => status !== '100');
    return interim.join() === answer.interim.join()
      ? null
      : `interim ${interim.join()} came as ${answer.interim.join()}`;
  }
  // What is no whole response never looks like one.
  if (answer === undefined) return stop === 'open' ? 'no answer, and the connection stays' : null;
  return answer.status === '502' ? null : `${ours.stop} came as a whole ${answer.status}`;
}
