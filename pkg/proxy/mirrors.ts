/** The copies of one request. Refilled. */
import type { Buffer } from 'node:buffer';
import type { ActiveExchange } from './exchange.ts';
import { Mirror } from './mirror.ts';

export class Mirrors {
  readonly #mirrors: Mirror[] = [];

  /** @param collected a filter has read of the body already, perhaps all */
  begin({ core, forward, mirrors, request, requestDone }: ActiveExchange, collected: boolean): void {
    const { replay } = forward;
    for (const id of mirrors) {
      const cluster = core.clusters.get(id);
      if (cluster === undefined) continue;
      const mirror = new Mirror(cluster, request, Math.max(core.settings.limits.replayBytes, replay.length));
      if (collected && request.bodyLength !== 0) mirror.body(replay.bytes, 0, replay.length, requestDone);
      this.#mirrors.push(mirror);
    }
  }

  body(bytes: Buffer, start: number, end: number, last: boolean): void {
    for (const mirror of this.#mirrors) mirror.body(bytes, start, end, last);
  }

  clear(): void {
    this.#mirrors.length = 0;
  }
}
