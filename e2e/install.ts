/** The product on the cluster, as its charts put it there. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { imageArchive, insidePrefix, must, root } from './place.ts';

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
  if (process.env['KUBECONFIG'] !== undefined) return settings.flatMap((setting) => ['--set', setting]);
  const own = ['image.repository=e2e.local/suuupra-gateway', 'image.tag=dev', 'image.pullPolicy=Never'];
  // The tag is always the same: pods of a former image go when the image is another one.
  const content = createHash('sha256').update(readFileSync(imageArchive)).digest('hex').slice(0, 12);
  return [...own, `podAnnotations.e2e-image=i${content}`, ...settings].flatMap((setting) => ['--set', setting]);
}
