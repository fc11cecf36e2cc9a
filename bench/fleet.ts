/** The targets of one run: started when a scenario first asks for them, stopped at the end. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Site } from './site.ts';
import type { Running, Target } from './targets/target.ts';

export interface FleetOptions {
  readonly targets: readonly Target[];
  /** Names the user wants; empty: all. */
  readonly wanted: readonly string[];
  readonly available: (name: string) => boolean;
  readonly site: Site;
  readonly originPort: number;
  readonly core: number;
  readonly directory: string;
  /** What is wrong with a target that was started, a sentence each. */
  readonly check: (name: string, running: Running) => Promise<readonly string[]>;
  readonly print: (line: string) => void;
}

export interface Fleet {
  readonly shared: (name: string) => Promise<Running | null>;
  /** Found by the check of a shared target. */
  readonly faults: (name: string) => number;
  readonly fresh: (name: string, site?: Site) => Promise<Running | null>;
  /** Targets that should have started and did not. */
  readonly failures: () => number;
  readonly stop: () => Promise<void>;
}

export function createFleet(options: FleetOptions): Fleet {
  const running = new Map<string, Running | null>();
  const faults = new Map<string, number>();
  const all = new Set<Running>();
  let count = 0;
  let failures = 0;

  async function fresh(name: string, site = options.site): Promise<Running | null> {
    const target = options.targets.find((target) => target.name === name);
    if (target === undefined || !options.available(name)) return null;
    if (options.wanted.length > 0 && !options.wanted.includes(name)) return null;
    const directory = join(options.directory, `${name}-${count++}`);
    await mkdir(directory);
    const { originPort, core } = options;
    try {
      const started = await target.start({ site, originPort, core, directory });
      all.add(started);
      return started;
    } catch (error) {
      // The others are measured nevertheless.
      failures++;
      options.print(`${name} did not start: ${Error.isError(error) ? error.message : String(error)}`);
      return null;
    }
  }

  return {
    fresh,
    async shared(name) {
      const known = running.get(name);
      if (known !== undefined) return known;
      const started = await fresh(name);
      running.set(name, started);
      if (started !== null) {
        const found = await options.check(name, started);
        faults.set(name, found.length);
        for (const fault of found.slice(0, 5)) options.print(`${name}: ${fault}`);
        if (found.length > 5) options.print(`${name}: ${found.length - 5} more`);
      }
      return started;
    },
    failures: () => failures,
    faults: (name) => faults.get(name) ?? 0,
    async stop() {
      await Promise.all([...all].map((each) => each.stop()));
    },
  };
}
