/** The gateway on an estate: as many HTTPRoutes as a company has, a Service for each host. */
import { version } from '../../pkg/config/version.ts';
import { estateFiles, estateRequests, RoutesPerHost } from '../estate.ts';
import { manifestText, type RunningGateway, startGateway } from './gateway-process.ts';
import type { StartOptions, Target } from './target.ts';

export interface EstateTarget extends Target {
  readonly hosts: number;
  start(options: Pick<StartOptions, 'originPort' | 'core' | 'directory'>): Promise<RunningGateway>;
}

/** @param what it is for, behind the number of routes: `gateway-10000-churn` */
export function gatewayOnEstate(hosts: number, what = 'routes'): EstateTarget {
  return {
    name: `gateway-${hosts * RoutesPerHost}-${what}`,
    hosts,
    version: () => Promise.resolve(version),
    start({ originPort, core, directory }) {
      const last = estateRequests(hosts).at(-1)!;
      const files = Object.entries(estateFiles({ hosts, port: 80, originPort }));
      return startGateway({
        core,
        directory,
        manifests: Object.fromEntries(files.map(([name, objects]) => [name, manifestText(objects)])),
        ready: { host: last.host, path: last.path },
        routeOf: (line) => String(line['route']),
      });
    },
  };
}
