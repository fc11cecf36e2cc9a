/** Processor: GatewayClasses of ours and the GatewayClassConfigs they refer to. Gives the settings of the data plane. */
import type { GatewayClass } from '../api/gatewayapi.ts';
import type { GatewayClassConfig } from '../api/gatewayclassconfig.ts';
import { OUR_GROUP } from '../api/kinds.ts';
import { objectId, refOf } from '../api/object.ts';
import type { Problem } from '../status/problem.ts';
import type { ObjectStatus } from '../status/status.ts';
import type { Snapshot } from '../store/snapshot.ts';
import { byAge } from './age.ts';
import { Conditions } from './condition.ts';
import { supportedFeatures } from './features.ts';
import { ControllerName, IngressControllerName } from './names.ts';
import type { TranslateOptions } from './translation.ts';

export interface Classes {
  /** Why Gateways of the class cannot be served, or `''`; only classes of ours are in it. */
  readonly faults: ReadonlyMap<string, string>;
  /** By name of the class; classes without one are not in it. */
  readonly configs: ReadonlyMap<string, GatewayClassConfig>;
  /** `namespace/name` of Gateways that Ingresses of a class of ours attach to. */
  readonly ingressGateways: ReadonlySet<string>;
  /** The config whose dataPlane and egress parts hold for the whole data plane. */
  readonly config: GatewayClassConfig | undefined;
  readonly statuses: readonly ObjectStatus[];
}

export function translateClasses(snapshot: Snapshot, { cluster }: TranslateOptions): Classes {
  const inCluster = cluster !== undefined;
  const classes = snapshot.list('GatewayClass').filter((c) => c.spec.controllerName === ControllerName);
  const users = new Map<GatewayClassConfig, string[]>();
  const faults = new Map<string, string>();
  const problems = new Map<GatewayClass, Problem>();
  const configs = new Map<string, GatewayClassConfig>();
  const ingressGateways = new Set<string>();
  let config: GatewayClassConfig | undefined;

  for (const gatewayClass of classes.toSorted(byAge)) {
    const found = configOf(gatewayClass, snapshot);
    if (found instanceof Object && 'reason' in found) problems.set(gatewayClass, found);
    else if (found !== undefined) {
      config ??= found;
      configs.set(gatewayClass.metadata.name, found);
      use(users, found, objectId(refOf(gatewayClass)));
    }
    faults.set(gatewayClass.metadata.name, problems.get(gatewayClass)?.message ?? '');
  }
  for (const ingressClass of snapshot.list('IngressClass').toSorted(byAge)) {
    const { controller, parameters } = ingressClass.spec;
    if (controller !== IngressControllerName || parameters?.kind !== 'GatewayClassConfig') continue;
    const found = snapshot.get('GatewayClassConfig', parameters.namespace ?? '', parameters.name);
    if (found === undefined) continue;
    config ??= found;
    const ref = found.spec.ingress?.gatewayRef;
    if (ref !== undefined) ingressGateways.add(`${ref.namespace ?? found.metadata.namespace}/${ref.name}`);
    use(users, found, objectId(refOf(ingressClass)));
  }
  return {
    faults,
    configs,
    ingressGateways,
    config,
    statuses: [
      ...classes.map((c) => classStatus(c, problems.get(c), inCluster)),
      ...snapshot.list('GatewayClassConfig').map((c) => configStatus(c, users.get(c) ?? [], config, inCluster)),
    ],
  };
}

function configOf({ spec }: GatewayClass, snapshot: Snapshot): GatewayClassConfig | Problem | undefined {
  const ref = spec.parametersRef;
  if (ref === undefined) return undefined;
  const failed = (message: string): Problem => ({ path: 'spec.parametersRef', reason: 'InvalidParameters', message });
  if (ref.group !== OUR_GROUP || ref.kind !== 'GatewayClassConfig') {
    return failed(
      `${ref.kind}.${ref.group} cannot hold parameters; refer to a GatewayClassConfig of group ${OUR_GROUP}`,
    );
  }
  if (ref.namespace === undefined) return failed('GatewayClassConfig is namespaced; add spec.parametersRef.namespace');
  return (
    snapshot.get('GatewayClassConfig', ref.namespace, ref.name) ??
    failed(`GatewayClassConfig ${ref.namespace}/${ref.name} not found; create it or correct the reference`)
  );
}

function use(users: Map<GatewayClassConfig, string[]>, config: GatewayClassConfig, user: string): void {
  users.set(config, [...(users.get(config) ?? []), user]);
}

function classStatus(gatewayClass: GatewayClass, problem: Problem | undefined, inCluster: boolean): ObjectStatus {
  const conditions = new Conditions(gatewayClass.metadata.generation);
  return {
    ref: refOf(gatewayClass),
    generation: gatewayClass.metadata.generation,
    status: {
      conditions: [
        problem === undefined
          ? conditions.yes('Accepted', `served by ${ControllerName}`)
          : conditions.no('Accepted', problem.reason, `${problem.path}: ${problem.message}`),
        conditions.yes('SupportedVersion', 'Gateway API v1.6 is supported'),
      ],
      supportedFeatures: supportedFeatures(inCluster).map((name) => ({ name })),
    },
    problems: problem === undefined ? [] : [problem],
  };
}

function configStatus(
  config: GatewayClassConfig,
  users: readonly string[],
  winner: GatewayClassConfig | undefined,
  inCluster: boolean,
): ObjectStatus {
  const { generation, namespace, name } = config.metadata;
  const problems: Problem[] = [];
  const unused = [config.spec.dataPlane?.workers === undefined ? '' : 'spec.dataPlane.workers'].filter(
    (path) => path !== '',
  );
  for (const path of unused) {
    problems.push({
      path,
      reason: 'FieldNotSupported',
      message: 'is not acted on by this release; start the gateway with --workers',
    });
  }
  const exposed = [
    config.spec.service === undefined ? '' : 'spec.service',
    config.spec.dataPlane?.exposure === undefined ? '' : 'spec.dataPlane.exposure',
  ].filter((path) => path !== '' && !inCluster);
  for (const path of exposed) {
    problems.push({
      path,
      reason: 'FieldNotSupported',
      message: 'is not acted on in a directory, which has no Services',
    });
  }
  // One data plane serves every class, so it has one configuration.
  if (
    users.length > 0 &&
    winner !== undefined &&
    config !== winner &&
    (config.spec.dataPlane ?? config.spec.egress) !== undefined
  ) {
    problems.push({
      path: 'spec',
      reason: 'Conflicted',
      message: `dataPlane and egress are taken from GatewayClassConfig ${winner.metadata.namespace}/${winner.metadata.name}, whose class is older; remove them here, or refer to that object`,
    });
  }
  const message = problems.map((p) => `${p.path} ${p.message}`).join('; ');
  const accepted = new Conditions(generation).yes(
    'Accepted',
    message === '' ? `GatewayClassConfig ${namespace}/${name} is valid` : message,
  );
  return {
    ref: refOf(config),
    generation,
    status: {
      observedGeneration: generation,
      conditions: [accepted],
      usedBy: users,
      summary: { accepted: 'True', usedBy: users.join(',') },
    },
    problems,
  };
}
