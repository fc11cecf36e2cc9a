/** Processor: `spec.defaults.policies` of GatewayClassConfigs, the lowest level of all Gateways and Ingresses of their classes. Runs behind Gateways. */
import type { GatewayClassConfig } from '../api/gatewayclassconfig.ts';
import type { Policies } from '../api/policies.ts';
import { createdOf } from './age.ts';
import type { Context } from './context.ts';
import { type Draft, mergeOutputs } from './draft.ts';
import type { Classes } from './gatewayclass.ts';
import { type Built, keepLastGood } from './last-good.ts';
import { compileKeys, type Level, Rank } from './policy-level.ts';

export interface ClassDefaults {
  readonly config: GatewayClassConfig;
  readonly level: Level;
  /** As in `PolicyState`. */
  readonly keptUntil: number;
}

export function translateClassDefaults(context: Context, { configs }: Classes): readonly ClassDefaults[] {
  return context.list('GatewayClassConfig').flatMap((config): readonly ClassDefaults[] => {
    const { policies } = config.spec.defaults ?? {};
    if (policies === undefined) return [];
    const { namespace, name, uid } = config.metadata;
    const built = context.translate(config, (draft) => build(policies, draft), 'defaults');
    // Its generation counts edits of everything that a class can say.
    const owner = { edition: `${uid} ${JSON.stringify(policies)}`, shared: true };
    const { level, outputs, until } = keepLastGood(owner, built, context.memo.lastGood, context.options.now);
    if (outputs !== built.outputs) mergeOutputs(context.outputs, outputs);
    const attached = context.memo.attached({ level, sectionName: undefined, rank: Rank.ClassDefaults, target: -1 });
    context.policyIndex.attach('GatewayClassConfig', namespace, name, attached);
    for (const { spec, metadata } of context.list('Gateway')) {
      if (configs.get(spec.gatewayClassName) === config)
        context.policyIndex.attach('Gateway', metadata.namespace, metadata.name, attached);
    }
    return [{ config, level, keptUntil: until }];
  });
}

function build(policies: Policies, draft: Draft): Built {
  const { object } = draft;
  const { namespace, name } = object.metadata;
  const level: Level = {
    from: `GatewayClassConfig ${namespace}/${name}`,
    created: createdOf(object),
    name: `${namespace}/${name}`,
    overrides: false,
    keys: compileKeys(policies, 'spec.defaults.policies', draft),
    unread: [],
  };
  return { level, outputs: draft.outputs };
}
