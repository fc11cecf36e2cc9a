/**
 * Which fields of a policy ask for the Redis of the data plane. Their filters are built whether there is one or not, and refuse by themselves
 * while it does not answer: it may be configured later, or be gone for a while. That none is configured is for statuses to say.
 */

import { redisFields as ofAuthentication } from './authentication/redis-fields.ts';
import type { AuthenticationSpec } from './authentication/spec.ts';
import type { PolicyKey } from './order.ts';

/** @param spec as the schema of the key has it @param path where it stands in its object @returns paths of the fields */
export function redisFields(key: PolicyKey, spec: object, path: string): readonly string[] {
  return key === 'authentication' ? ofAuthentication(spec as AuthenticationSpec, path) : [];
}
