/** A gateway that runs as a process on the node, beside the installed one: what a pod is, where it can be looked at. */
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Release, ReleaseNamespace } from '../install.ts';
import { root } from '../place.ts';

export interface GatewayProcess {
  readonly pid: number;
  /** performance.now() when it was started. */
  readonly started: number;
  /** MB resident. */
  memory(): number;
  stop(): Promise<void>;
}

/** What the image holds, started as the chart starts it for the release of scenarios, with one worker. @param name of its Lease */
export function startGateway(name: string, kubeconfig: string): GatewayProcess {
  const folder = mkdtempSync(join(tmpdir(), 'suuupra-figures-'));
  const log = openSync(join(folder, 'log'), 'w');
  const options = {
    kubeconfig,
    instance: `${Release}-suuupra-gateway`,
    'pod-namespace': ReleaseNamespace,
    'pod-name': name,
    'pod-ip': '10.99.0.1',
    'port-map': '80:10080,443:10443',
    'admin-address': 'off',
    'access-log': 'off',
    workers: '1',
    'drain-delay': '0s',
  };
  const flags = Object.entries(options).map(([key, value]) => `--${key}=${value}`);
  const started = performance.now();
  const child: ChildProcess = spawn(process.execPath, [join(root, 'dist/bundle/cmd/gateway.js'), ...flags], {
    stdio: ['ignore', log, log],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error('the gateway could not be started');
  const ended = new Promise((resolve) => {
    child.once('exit', resolve);
  });
  return {
    pid,
    started,
    memory: () => Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]) / 1024,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
