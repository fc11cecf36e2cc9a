/** At which addresses the synthetic Gateway of Ingresses is told to be. Used by ingress-place.ts. */
import { type PublishedAddress, publish } from './addresses.ts';
import { publishedBy } from './service-addresses.ts';
import type { TranslateOptions } from './translation.ts';
import type { World } from './world.ts';

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
