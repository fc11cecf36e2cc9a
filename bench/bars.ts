/** How much CPU a request may cost against each peer. Figures of the project's goals; scenarios and the report use them. */
import type { Bar } from './result.ts';

interface Limit {
  readonly peers: readonly string[];
  readonly atMost: number;
  readonly goal?: number;
}

const bodies: readonly Limit[] = [
  { peers: ['nginx'], atMost: 0.9 },
  { peers: ['haproxy'], atMost: 1 },
  { peers: ['envoy'], atMost: 0.42 },
];

const limits: Readonly<Record<string, readonly Limit[]>> = {
  small: [
    { peers: ['nginx'], atMost: 0.95, goal: 0.9 },
    { peers: ['haproxy'], atMost: 1.05, goal: 0.95 },
    { peers: ['envoy'], atMost: 0.35, goal: 0.3 },
  ],
  '10k': bodies,
  post10k: bodies,
  // Of the better nginx.
  '1m': [
    { peers: ['nginx', 'nginx-64k'], atMost: 0.9 },
    { peers: ['haproxy'], atMost: 1 },
    { peers: ['envoy'], atMost: 0.8 },
  ],
  tls: [
    { peers: ['nginx'], atMost: 1.15, goal: 1 },
    { peers: ['haproxy'], atMost: 1.2 },
    { peers: ['envoy'], atMost: 0.5 },
  ],
  'tls-handshake': [{ peers: ['nginx'], atMost: 1.5, goal: 1.3 }],
  'connection-per-request': [
    { peers: ['nginx'], atMost: 1.3 },
    { peers: ['haproxy'], atMost: 1.25 },
  ],
};

/** @param ratios as in a Result */
export function barsOf(scenario: string, ratios: Readonly<Record<string, number>>): readonly Bar[] {
  return (limits[scenario] ?? []).map(({ peers, atMost, goal }) => {
    const known = peers.map((peer) => ratios[`gateway/${peer}`]);
    // The better of two peers is the one against which the ratio is worse; both have to be there.
    const measured = known.every((ratio) => ratio !== undefined) ? Math.max(...known.map(Number)) : null;
    const what = `CPU per request against ${peers.length > 1 ? `the better of ${peers.join(' and ')}` : peers[0]}`;
    return { what, atMost, ...(goal === undefined ? {} : { goal }), unit: '×', measured };
  });
}
