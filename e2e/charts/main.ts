/**
 * `make helm-test`: helm lint, helm template over a matrix of values and, where the test cluster runs (or KUBECONFIG names one), a server-side
 * dry run of everything that was rendered.
 */
import { spawnSync } from 'node:child_process';
import { insidePrefix, root } from '../place.ts';
import { type KubeObject, startHelm, TestNamespace } from './helm.ts';
import { type Case, cases, missed, refused } from './matrix.ts';

let failed = 0;
const helm = startHelm();
const api = apiServer();
try {
  for (const chart of ['suuupra-gateway-crds', 'suuupra-gateway']) report(`lint ${chart}`, helm.lint(chart));
  const crds = helm.template('suuupra-gateway-crds', {});
  report('template of the CRDs', 'error' in crds ? crds.error : (api?.(crds.objects) ?? ''));
  for (const each of cases) {
    const rendered = helm.template('suuupra-gateway', each.values);
    if ('error' in rendered) report(each.name, rendered.error);
    else
      report(
        each.name,
        [...missed(each, rendered.objects), api === undefined ? '' : withoutExpected(api(rendered.objects), each)]
          .join('\n')
          .trim(),
      );
  }
  for (const { name, values, says } of refused) {
    const rendered = helm.template('suuupra-gateway', values);
    const said = 'error' in rendered ? rendered.error : 'it was rendered';
    report(`refuses ${name}`, says.test(said) ? '' : said);
  }
} finally {
  helm.close();
}
process.stdout.write(
  `${failed === 0 ? 'all as it should be' : `${failed} failed`}${api === undefined ? '; no cluster runs, so no API server was asked' : ''}\n`,
);
process.exitCode = failed === 0 ? 0 : 1;

function report(name: string, complaint: string): void {
  if (complaint !== '') failed++;
  process.stdout.write(
    `${complaint === '' ? 'ok    ' : 'FAILED'} ${name}${complaint.replace(/^(?=.)/gm, '\n       ')}\n`,
  );
}

function withoutExpected(said: string, { warning }: Case): string {
  if (warning === undefined || said.startsWith('refused')) return said;
  return warning.test(said) ? '' : `no warning like ${warning}`;
}

/** Asks the API server about objects, without storing them. @returns its complaints; undefined where no cluster runs */
function apiServer(): ((objects: readonly KubeObject[]) => string) | undefined {
  const kubectl = (args: readonly string[], input = '') => {
    const [file = '', ...rest] = [...insidePrefix(), 'kubectl', ...args];
    return spawnSync(file, rest, { input, encoding: 'utf8', cwd: root });
  };
  const served = kubectl(['api-resources', '--no-headers', '-o', 'name']);
  if (served.status !== 0) return undefined;
  const namespace = {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: TestNamespace, labels: { 'pod-security.kubernetes.io/warn': 'restricted' } },
  };
  kubectl(['apply', '--server-side', '-f', '-'], JSON.stringify(namespace));
  return (objects) => {
    // The kinds of the Prometheus operator, and ours before their chart is installed, are not known everywhere.
    const known = objects.filter(
      ({ apiVersion }) =>
        !apiVersion.startsWith('monitoring.coreos.com/') &&
        (!apiVersion.startsWith('gateway.suuupra.io/') || served.stdout.includes('.gateway.suuupra.io')),
    );
    const list = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: known });
    const { status, stderr } = kubectl(
      ['apply', '--server-side', '--force-conflicts', '--dry-run=server', '--validate=strict', '-f', '-'],
      list,
    );
    // Warnings too: a field that is deprecated, or a pod that the level restricted would refuse.
    return status === 0 ? stderr.trim() : `refused by the API server: ${stderr}`;
  };
}
