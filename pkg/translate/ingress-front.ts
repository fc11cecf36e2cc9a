/** How clients reach the synthetic Gateway of Ingresses: which ports it binds, and at which addresses it is told to be. Used by ingress-place.ts. */
import { type PublishedAddress, publish } from './addresses.ts';
import { publishedBy } from './service-addresses.ts';
import type { TranslateOptions } from './translation.ts';
import type { World } from './world.ts';

/** Ports of its pods that the chart's Service points at: pods bind no low port. */
const clusterPorts: Readonly<Record<number, number>> = { 80: 10_080, 443: 10_443 };

/** Listener port → bound port; undefined: as --port-map says. */
export function ingressPorts({ cluster, portMap }: TranslateOptions): ReadonlyMap<number, number> | undefined {
  if (cluster === undefined) return undefined;
  return new Map([80, 443].map((port) => [port, portMap[port] ?? clusterPorts[port] ?? port]));
}

/** @param addresses that it binds */
export function publishIngress(
  addresses: readonly string[],
  { cluster }: TranslateOptions,
  world: World,
): readonly PublishedAddress[] {
  if (cluster === undefined || cluster.ingressService === '') return publish(addresses, cluster?.podAddresses ?? []);
  const [namespace = '', name = ''] = cluster.ingressService.split('/');
  const service = world.get('Service', namespace, name);
  return service === undefined ? [] : publishedBy(service);
}
