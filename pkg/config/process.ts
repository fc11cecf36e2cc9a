/** The one place that reads process.argv and process.env. */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { type Loaded, loadConfig } from './config.ts';

export function loadProcessConfig(): Loaded {
  return loadConfig({
    argv: process.argv.slice(2),
    env: process.env,
    readFile: (path) => readFileSync(path, 'utf8'),
  });
}

/** Whether anything says where an API server is: the pod's environment, KUBECONFIG, or the usual file. */
export function knowsCluster(): boolean {
  const { KUBERNETES_SERVICE_HOST, KUBECONFIG, HOME = homedir() } = process.env;
  return (
    [KUBERNETES_SERVICE_HOST, KUBECONFIG].some((value) => value !== undefined && value !== '') ||
    existsSync(join(HOME, '.kube/config'))
  );
}
