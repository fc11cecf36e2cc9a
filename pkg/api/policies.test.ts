import { expect, test } from '@jest/globals';
import { policyKeys } from '../policy/order.ts';
import { policiesSchema } from './policies.ts';
import type { StructuralSchema } from './structural.ts';
import { structuralOf } from './typebox-structural.ts';
import { validateObject } from './validate.ts';

const off = "(has(self.mode) && self.mode == 'Disabled') || ";

// A rule that reads a field which is not there is an error, and the API server refused `authentication: {mode: Disabled}` for it.
test.each(policyKeys)('%s may be Disabled alone', (key) => {
  const schema = structuralOf(policiesSchema).properties?.[key] as StructuralSchema;
  expect(schema.required ?? []).toEqual([]);
  const rules = schema['x-kubernetes-validations'] ?? [];
  expect(rules.filter(({ rule }) => !rule.startsWith(off))).toEqual([]);
  const object = {
    apiVersion: 'gateway.suuupra.io/v1alpha1',
    kind: 'GatewayPolicy',
    metadata: { name: 'quiet' },
    spec: { policies: { [key]: { mode: 'Disabled' } } },
  };
  expect(validateObject(object)).toHaveProperty('object');
});
