/** The gateway as users run it, on any manifests: one worker, an access log in a file, everything else at its default. */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { freePorts } from '../../pkg/testkit/ports.ts';
import { startPinned } from '../pinned.ts';
import { untilReady } from './ready.ts';
import type { Running, StartOptions } from './target.ts';

const root = join(import.meta.dirname, '../..');
const collect = new URL('./collect.ts', import.meta.url).href;

export interface GatewayOptions extends Pick<StartOptions, 'core' | 'directory'> {
  /** Contents by file name. */
  readonly manifests: Readonly<Record<string, string>>;
  /** What is asked until it is answered with 200: something that only the whole configuration serves. */
  readonly ready: { readonly host: string; readonly path: string };
  readonly routeOf: Running['routeOf'];
  /** Garbage is collected when the file `collect` is written to `directory`; see collect.ts. */
  readonly collects?: boolean;
  /** Another checkout of this repository, whose gateway it is. */
  readonly checkout?: string;
}

/** Beside what every target has: where the manifests lie. */
export interface RunningGateway extends Running {
  readonly manifests: string;
}

export async function startGateway({ core, directory, ...options }: GatewayOptions): Promise<RunningGateway> {
  const [plainPort = 0, tlsPort = 0, adminPort = 0] = await freePorts(3);
  // Apart from the logs: a folder that is written to all the time would keep its watcher busy.
  const manifests = join(directory, 'manifests');
  const log = join(directory, 'access.log');
  for (const [name, text] of Object.entries(options.manifests)) {
    const path = join(manifests, name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text);
  }
  const child = startPinned({
    core,
    command: process.execPath,
    args: [
      ...(options.collects === true ? ['--expose-gc', '--import', collect] : []),
      join(options.checkout ?? root, 'cmd/gateway.ts'),
      `--directory=${manifests}`,
      '--workers=1',
      `--access-log=${log}`,
      `--port-map=80:${plainPort},443:${tlsPort}`,
      `--admin-address=127.0.0.1:${adminPort}`,
    ],
    stdout: join(directory, 'out.log'),
    stderr: join(directory, 'err.log'),
    // Without the delay that SIGTERM has.
    signal: 'SIGINT',
  });
  await untilReady(child, plainPort, options.ready.host, options.ready.path);
  return { pid: child.pid, plainPort, tlsPort, log, manifests, routeOf: options.routeOf, stop: () => child.stop() };
}

/** YAML of several objects; JSON is YAML. */
export function manifestText(objects: readonly object[]): string {
  return objects.map((object) => `---\n${JSON.stringify(object)}\n`).join('');
}
