/** What the API server counts of requests, from its metrics. */
import { run } from '../run.ts';

export interface Counts {
  /** By the gateway: writes of HTTPRoutes' statuses so far. */
  readonly statusWrites: number;
  /** Of everybody, watches apart. */
  readonly requests: number;
  /** Open now. */
  readonly watches: number;
}

export async function readCounts(): Promise<Counts> {
  const text = await run('kubectl', 'get', '--raw', '/metrics');
  return {
    statusWrites: sum(text, 'apiserver_request_total', [
      'resource="httproutes"',
      'subresource="status"',
      'verb="PATCH"',
    ]),
    requests: sum(text, 'apiserver_request_total', []) - sum(text, 'apiserver_request_total', ['verb="WATCH"']),
    watches: sum(text, 'apiserver_longrunning_requests', ['verb="WATCH"']),
  };
}

function sum(text: string, metric: string, labels: readonly string[]): number {
  let total = 0;
  for (const line of text.split('\n')) {
    if (!line.startsWith(`${metric}{`) || !labels.every((label) => line.includes(label))) continue;
    total += Number(line.slice(line.lastIndexOf(' ') + 1));
  }
  return total;
}
