/** What is measured: a proxy that can be started on a site. One file each beside this one. */
import type { Site } from '../site.ts';

export interface StartOptions {
  readonly site: Site;
  readonly originPort: number;
  /** The core it is pinned to. */
  readonly core: number;
  /** For configuration and logs; its own, and there. */
  readonly directory: string;
}

export interface Running {
  /** Of the process whose tree is measured. */
  readonly pid: number;
  readonly plainPort: number;
  /** 0: no TLS. */
  readonly tlsPort: number;
  /** The access log, one JSON object a line with `requestId`, `status` and what routeOf reads; null: writes none. */
  readonly log: string | null;
  /** The route (`h007-p03`) in such a line. */
  readonly routeOf: (line: Readonly<Record<string, unknown>>) => string;
  stop(): Promise<void>;
}

export interface Target {
  readonly name: string;
  /** null: not to be had here. */
  version(): Promise<string | null>;
  /** Resolves when it answers. */
  start(options: StartOptions): Promise<Running>;
}
