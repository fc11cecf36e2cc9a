/** The C floor (bench/c/floor.c): four system calls a request and no HTTP. No peer, but what is left when a proxy does nothing. */
import { join } from 'node:path';
import { freePorts } from '../../pkg/testkit/ports.ts';
import { startPinned } from '../pinned.ts';
import { untilReady } from './ready.ts';
import type { Target } from './target.ts';

export function floorTarget(tool: string): Target {
  return {
    name: 'floor',
    version: () => Promise.resolve(null),
    async start({ site, originPort, core, directory }) {
      const [plainPort = 0] = await freePorts(1);
      const log = join(directory, 'floor.log');
      const args = [`${plainPort}`, `${originPort}`];
      const child = startPinned({ core, command: tool, args, stdout: log, stderr: log });
      await untilReady(child, plainPort, site.hosts[0]!, `${site.prefixes[0]}10`);
      return { pid: child.pid, plainPort, tlsPort: 0, log: null, routeOf: () => '', stop: () => child.stop() };
    },
  };
}
