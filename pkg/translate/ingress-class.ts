/** Which Ingresses are ours, and the settings of their class. */
import type { Ingress, IngressClass } from '../api/core.ts';
import type { GatewayClassConfig } from '../api/gatewayclassconfig.ts';
import { OUR_GROUP } from '../api/kinds.ts';
import type { Problem } from '../status/problem.ts';
import { byAge } from './age.ts';
import { IngressControllerName } from './names.ts';
import type { World } from './world.ts';

const DefaultClass = 'ingressclass.kubernetes.io/is-default-class';
const LegacyClass = 'kubernetes.io/ingress.class';

/** An IngressClass of ours. */
export interface OurClass {
  readonly name: string;
  readonly config: GatewayClassConfig | undefined;
  /** Why nothing of the class can be served: its settings may say that it is not for everybody. */
  readonly fault: Problem | undefined;
}

export type ClassChoice =
  | { readonly kind: 'ours'; readonly class: OurClass; readonly notes: readonly Problem[] }
  /** Another controller's, or nobody's; `problem` says so where no other controller can be. */
  | { readonly kind: 'foreign'; readonly problem: Problem };

export function classOf(ingress: Ingress, world: World): ClassChoice {
  const annotation = ingress.metadata.annotations[LegacyClass];
  const { ingressClassName: field } = ingress.spec;
  // IngressSpec.ingressClassName: "For backwards compatibility, when that annotation is set, it must be given precedence over this field."
  const name = annotation ?? field;
  const path = annotation === undefined ? 'spec.ingressClassName' : `metadata.annotations[${LegacyClass}]`;
  const found = name === undefined ? defaultClass(world) : world.get('IngressClass', '', name);
  if (found === undefined) {
    const message =
      name === undefined
        ? `no class is named and no IngressClass is the default, so nobody serves this Ingress; name one, or annotate one with ${DefaultClass}: "true"`
        : `IngressClass ${name} not found, so nobody serves this Ingress; create it or correct the name`;
    return { kind: 'foreign', problem: { path, reason: 'ClassNotFound', message } };
  }
  if (found.spec.controller !== IngressControllerName) {
    const message = `IngressClass ${found.metadata.name} belongs to ${found.spec.controller ?? 'no controller'}; name a class of ${IngressControllerName} to serve this Ingress here`;
    return { kind: 'foreign', problem: { path, reason: 'ForeignClass', message } };
  }
  const notes: Problem[] = [];
  if (annotation !== undefined && field !== undefined && annotation !== field) {
    notes.push({
      path,
      reason: 'ClassAmbiguous',
      message: `${annotation} is used, not spec.ingressClassName ${field}; remove the annotation`,
    });
  }
  return { kind: 'ours', class: { name: found.metadata.name, ...configOf(found, world) }, notes };
}

/** Only one should be; of several the oldest is. */
function defaultClass(world: World): IngressClass | undefined {
  return world
    .list('IngressClass')
    .filter(({ metadata }) => metadata.annotations[DefaultClass] === 'true')
    .toSorted(byAge)[0];
}

/** What its parameters name. */
export function configOf({ metadata, spec }: IngressClass, world: World): Omit<OurClass, 'name'> {
  const { parameters } = spec;
  if (parameters === undefined) return { config: undefined, fault: undefined };
  const failed = (message: string): Omit<OurClass, 'name'> => ({
    config: undefined,
    fault: {
      path: 'spec.ingressClassName',
      reason: 'InvalidParameters',
      message: `spec.parameters of IngressClass ${metadata.name}: ${message}`,
    },
  });
  const { apiGroup = '', kind, name, namespace } = parameters;
  if (apiGroup !== OUR_GROUP || kind !== 'GatewayClassConfig')
    return failed(
      `${kind}${apiGroup === '' ? '' : `.${apiGroup}`} cannot hold parameters; refer to a GatewayClassConfig of group ${OUR_GROUP}`,
    );
  if (namespace === undefined)
    return failed('GatewayClassConfig is namespaced; write scope: Namespace and its namespace');
  const config = world.get('GatewayClassConfig', namespace, name);
  if (config === undefined)
    return failed(`GatewayClassConfig ${namespace}/${name} not found; create it or correct the name`);
  return { config, fault: undefined };
}
