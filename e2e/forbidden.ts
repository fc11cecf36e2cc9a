/**
 * What a gateway asked the API server for and was not allowed: with the chart's roles that is nothing. `node e2e/forbidden.ts` prints it for
 * the release that scenarios install, and exits non-zero if there is any.
 */
import { Release, ReleaseNamespace } from './install.ts';
import { run } from './run.ts';

/** Lines of the logs of a namespace's gateway pods, of now and before their last restart. */
export async function forbiddenLines(namespace: string, release: string): Promise<string[]> {
  const selector = `app.kubernetes.io/name=suuupra-gateway,app.kubernetes.io/instance=${release}`;
  const names = await run('kubectl', 'get', 'pods', '-n', namespace, '-l', selector, '-o', 'name');
  const logs = names
    .split('\n')
    .filter((name) => name !== '')
    .flatMap((name) => [
      run('kubectl', 'logs', '-n', namespace, name, '-c', 'gateway'),
      // There is none unless it restarted.
      run('kubectl', 'logs', '-n', namespace, name, '-c', 'gateway', '--previous').catch(() => ''),
    ]);
  return (await Promise.all(logs)).flatMap((log) => log.split('\n').filter(isRefusal));
}

/** By RBAC, in its words. A quota, an admission policy and a namespace that is being deleted forbid as well, but not for want of a right. */
function isRefusal(line: string): boolean {
  return /is forbidden: User .* cannot /.test(line);
}

if (process.argv[1] === import.meta.filename) {
  const lines = await forbiddenLines(ReleaseNamespace, Release);
  const found = `the gateway was refused by the API server:\n${lines.slice(0, 20).join('\n')}\n`;
  if (lines.length > 0) process.stdout.write(found);
  process.exitCode = lines.length > 0 ? 1 : 0;
}
