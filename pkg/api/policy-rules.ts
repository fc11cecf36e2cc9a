/** Cross-field rules of policies; the CRDs have the same as CEL. Used by rules.ts. What a policy knows of itself is its translator's. */

import { policyKeys, schemaOf } from '../policy/order.ts';
import { type GatewayPolicySpec, TARGET_GROUPS } from './gatewaypolicy.ts';
import { type Policies, requiredFields } from './policies.ts';
import type { Findings } from './problem.ts';

/** Findings stand at `spec`. */
export function checkGatewayPolicy(spec: GatewayPolicySpec, findings: Findings): void {
  for (const field of ['targetRefs', 'targetSelectors'] as const) {
    for (const [i, target] of (spec[field] ?? []).entries()) {
      const { kind, group } = target;
      if (TARGET_GROUPS[kind] !== group)
        findings.report(`${group} has no kind ${kind}`, `use ${TARGET_GROUPS[kind]}`, field, i, 'group');
      if (kind === 'Ingress' && 'sectionName' in target && target.sectionName !== undefined)
        findings.report('an Ingress has no sections', 'remove sectionName', field, i, 'sectionName');
      if (spec.strategy === 'Overrides' && kind !== 'Gateway' && kind !== 'ListenerSet')
        findings.report('Overrides may target Gateways and ListenerSets only', 'use Defaults', field, i, 'kind');
      if (spec.policies.client !== undefined && kind !== 'Gateway' && kind !== 'ListenerSet')
        findings.report(
          'client is for Gateways and ListenerSets only',
          'put the other keys into a policy of their own',
          field,
          i,
          'kind',
        );
    }
  }
  findings.enter('policies');
  checkPolicies(spec.policies, findings);
  findings.leave();
}

/** Findings stand at the block. */
export function checkPolicies(policies: Policies, findings: Findings): void {
  for (const key of policyKeys) {
    const value = policies[key] as Readonly<Record<string, unknown>> | undefined;
    if (value === undefined || value['mode'] === 'Disabled') continue;
    for (const name of requiredFields(schemaOf(key)))
      if (value[name] === undefined) findings.report('is required', 'add it, or set mode: Disabled', key, name);
  }
}
