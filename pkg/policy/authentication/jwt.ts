/** Data-plane half of JWT. */
import type { FilterEnv } from '../runtime.ts';
import type { JwtConfig } from './jwt-schema.ts';
import type { Method } from './method.ts';

export function createJwt(name: string, _config: JwtConfig, _env: FilterEnv): Method {
  return { name, authenticate: () => ({ kind: 'absent', challenge: 'Bearer' }) };
}
