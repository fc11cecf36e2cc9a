/** The product on the cluster, as its charts put it there. */
import { join } from 'node:path';
import { insidePrefix, must, root } from './place.ts';

export const Release = 'suuupra';
export const ReleaseNamespace = 'suuupra-system';

/** @param settings of the chart: `replicaCount=1`; installed or upgraded, and waited for */
export function installGateway(settings: readonly string[] = []): void {
  const helm = (...args: string[]) => must([...insidePrefix(), 'helm', ...args]);
  // On its own before the gateway: its kinds have to be there when the first object of them comes.
  helm('upgrade', '--install', `${Release}-crds`, join(root, 'charts/suuupra-gateway-crds'), ...where, '--wait');
  helm(
    'upgrade',
    '--install',
    Release,
    join(root, 'charts/suuupra-gateway'),
    ...where,
    '--wait',
    '--timeout=120s',
    ...image(settings),
  );
}

const where = ['--namespace', ReleaseNamespace, '--create-namespace'];

function image(settings: readonly string[]): string[] {
  // On somebody else's cluster the chart's own image is pulled.
  const own =
    process.env['KUBECONFIG'] === undefined
      ? ['image.repository=e2e.local/suuupra-gateway', 'image.tag=dev', 'image.pullPolicy=Never']
      : [];
  return [...own, ...settings].flatMap((setting) => ['--set', setting]);
}
