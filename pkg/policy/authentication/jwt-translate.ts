/** Control-plane half of JWT. */
import type { PolicyContext } from '../context.ts';
import type { Translated } from '../translated.ts';
import type { JwtConfig } from './jwt-schema.ts';
import type { JwtSpec } from './jwt-spec.ts';

export function translateJwt(spec: JwtSpec, _path: string, _context: PolicyContext): Translated<JwtConfig> {
  return { issuer: spec.issuer ?? '' };
}
