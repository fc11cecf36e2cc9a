/** Control-plane half of CSRF: checks the origins. */
import { originPatterns, originProblem } from '../origins.ts';
import { type Translated, unsupported } from '../translated.ts';
import type { CsrfConfig, CsrfSpec } from './schema.ts';

/** @param path where `spec` stands in its object, for messages */
export function translateCsrf(spec: CsrfSpec, path: string): Translated<CsrfConfig> {
  const origins = spec.additionalOrigins ?? [];
  const problems = origins.flatMap((origin, i) => {
    const at = `${path}.additionalOrigins[${i}]`;
    return origin === '*'
      ? [unsupported(at, '"*" would let every page in; name the origins, or leave csrf out')]
      : originProblem(origin, at);
  });
  return problems.length > 0 ? problems : { ...originPatterns(origins), sameSite: spec.allowSameSite };
}
