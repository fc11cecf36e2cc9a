/** Legitimate traffic beside those who misbehave, in a thread of its own. Used by the commands and tests of this folder. */
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

export interface TrafficReport {
  /** Milliseconds of each request since the last report, ascending. */
  readonly times: readonly number[];
  /** Since the start, as the two below. */
  readonly answered: number;
  /** The error or the status of everything that is no answer of status 200. */
  readonly failures: readonly string[];
}

export interface Traffic {
  report(): Promise<TrafficReport>;
  /** Lets running requests finish; may be called again. */
  stop(): Promise<TrafficReport>;
}

/** All are open from a moment after the start on. */
export const TrafficConnections = 8;

export function startTraffic(port: number): Traffic {
  const thread = new Worker(new URL('slow-traffic-main.ts', import.meta.url), { workerData: port });
  const ask = async (word: 'report' | 'stop'): Promise<TrafficReport> => {
    const answer = once(thread, 'message');
    thread.postMessage(word);
    return (await answer)[0] as TrafficReport;
  };
  let last: Promise<TrafficReport> | null = null;
  return {
    report: () => ask('report'),
    stop: () => (last ??= ask('stop')),
  };
}

/** @param times ascending @param share 0 to 1 */
export function quantile(times: readonly number[], share: number): number {
  return times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? Number.NaN;
}
