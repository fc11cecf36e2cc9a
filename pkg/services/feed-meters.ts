/** How feeds fare, as metrics. Feeds of one source (an issuer, a host) are one series, whatever else differs: the worst of them is shown. */
import type { Fetched } from '../policy/feeds.ts';
import type { Series } from '../telemetry/series.ts';

/** One feed's. */
export interface FeedMeter {
  tried(succeeded: boolean): void;
  /** @param available whether filters have something to decide by */
  published(value: Fetched, available: boolean): void;
  close(): void;
}

export interface FeedMeters {
  /** @param source the label */
  open(kind: MeteredKind, source: string): FeedMeter;
  series(): readonly Series[];
}

interface Figures {
  readonly kind: MeteredKind;
  readonly source: string;
  readonly feeds: Map<FeedMeter, { readonly fetchedAt: number; readonly available: boolean }>;
  fetches: number;
  failures: number;
}

const kinds = ['jwks', 'discovery'] as const;
export type MeteredKind = (typeof kinds)[number];
const what: Readonly<Record<MeteredKind, string>> = { jwks: 'key sets', discovery: 'discovery documents' };

/** @param wallClock ms since the epoch */
export function createFeedMeters(wallClock: () => number): FeedMeters {
  const all = new Map<string, Figures>();

  return {
    open(kind, source) {
      const key = `${kind} ${source}`;
      const figures = all.get(key) ?? { kind, source, feeds: new Map(), fetches: 0, failures: 0 };
      all.set(key, figures);
      const meter: FeedMeter = {
        tried(succeeded) {
          figures.fetches++;
          if (!succeeded) figures.failures++;
        },
        published: ({ fetchedAt }, available) => void figures.feeds.set(meter, { fetchedAt, available }),
        close() {
          figures.feeds.delete(meter);
          if (figures.feeds.size === 0) all.delete(key);
        },
      };
      figures.feeds.set(meter, { fetchedAt: 0, available: false });
      return meter;
    },
    series: () =>
      kinds.flatMap((kind) => {
        const figures = [...all.values()].filter((each) => each.kind === kind);
        const samples = (value: (figures: Figures) => number | null): Series['samples'] =>
          figures.flatMap((each) => {
            const number = value(each);
            return number === null ? [] : [[{ source: each.source }, number] as const];
          });
        const about = what[kind];
        const name = (suffix: string): string => `suuupra_${kind}_${suffix}`;
        return [
          {
            name: name('fetches_total'),
            help: `Tries to fetch ${about}.`,
            type: 'counter',
            samples: samples(({ fetches }) => fetches),
          },
          {
            name: name('fetch_failures_total'),
            help: `Those of them that failed.`,
            type: 'counter',
            samples: samples(({ failures }) => failures),
          },
          {
            name: name('age_seconds'),
            help: `Since when ${about} are as they are used; the oldest.`,
            type: 'gauge',
            samples: samples(({ feeds }) => age(feeds.values(), wallClock())),
          },
          {
            name: name('available'),
            help: `0 while there are none to decide by, and requests that need them get 503.`,
            type: 'gauge',
            samples: samples(({ feeds }) => Number([...feeds.values()].every(({ available }) => available))),
          },
        ];
      }),
  };
}

/** Seconds; null before the first success. */
function age(feeds: Iterable<{ readonly fetchedAt: number }>, now: number): number | null {
  const times = [...feeds].map(({ fetchedAt }) => fetchedAt).filter((time) => time > 0);
  return times.length === 0 ? null : Math.max(0, now - Math.min(...times)) / 1000;
}
