/** An authentication policy as its users write it, in front of a test. */

import { Value } from 'typebox/value';
import { type FilterEnvOptions, testFilterEnv } from '../../testkit/filter-env.ts';
import { type PolicyContextOptions, testPolicyContext } from '../../testkit/policy-context.ts';
import type { RuntimeFilter } from '../runtime.ts';
import { isProblems } from '../translated.ts';
import { createAuthentication } from './filter.ts';
import type { AuthenticationConfig } from './schema.ts';
import { type AuthenticationSpec, authenticationSchema } from './spec.ts';
import { translateAuthentication } from './translate.ts';

/** What a user may write: defaults may be missing. */
export type Written = { readonly methods: readonly object[] } & Partial<Omit<AuthenticationSpec, 'methods'>>;

export function translated(spec: Written, context: PolicyContextOptions = {}) {
  const whole = Value.Default(authenticationSchema, structuredClone(spec)) as AuthenticationSpec;
  return translateAuthentication(whole, 'spec', testPolicyContext(context));
}

export function configOf(spec: Written, context: PolicyContextOptions = {}): AuthenticationConfig {
  const config = translated(spec, context);
  if (isProblems(config)) throw new Error(JSON.stringify(config, null, 1));
  // As it reaches a worker: plain JSON.
  return JSON.parse(JSON.stringify(config)) as AuthenticationConfig;
}

export function authentication(
  spec: Written,
  env: FilterEnvOptions = {},
  context: PolicyContextOptions = {},
): RuntimeFilter {
  return createAuthentication(configOf(spec, context), testFilterEnv(env));
}

export function jwt(jwt: object, name = 'corp'): object {
  return { name, type: 'JWT', jwt };
}
