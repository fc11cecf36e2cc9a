/** Control-plane half of CORS: checks what the schema cannot say, and decides everything that does not depend on a request. */

import type { HTTPCORSFilter } from '../../api/httproute.ts';
import type { Problem } from '../../status/problem.ts';
import { originPatterns, originProblem } from '../origins.ts';
import { type Translated, unsupported } from '../translated.ts';
import type { CorsConfig } from './schema.ts';

const Token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

/** @param path where `spec` stands in its object, for messages */
export function translateCors(spec: HTTPCORSFilter, path: string): Translated<CorsConfig> {
  const origins = spec.allowOrigins ?? [];
  const problems = [
    ...origins.flatMap((origin, i) => (origin === '*' ? [] : originProblem(origin, `${path}.allowOrigins[${i}]`))),
    ...tokenProblems(spec.allowMethods, `${path}.allowMethods`),
    ...tokenProblems(spec.allowHeaders, `${path}.allowHeaders`),
    ...tokenProblems(spec.exposeHeaders, `${path}.exposeHeaders`),
  ];
  if (problems.length > 0) return problems;

  const credentials = spec.allowCredentials ?? false;
  return {
    ...originPatterns(origins.filter((origin) => origin !== '*')),
    anyOrigin: origins.includes('*'),
    credentials,
    methods: list(spec.allowMethods ?? ['GET', 'HEAD', 'POST'], credentials),
    headers: list(spec.allowHeaders ?? [], credentials),
    expose: (spec.exposeHeaders ?? []).join(', '),
    maxAge: String(spec.maxAge),
  };
}

function tokenProblems(names: readonly string[] = [], path: string): readonly Problem[] {
  return names.flatMap((name, i) =>
    Token.test(name)
      ? []
      : [unsupported(`${path}[${i}]`, `"${name}" is no name; write one name per entry, without commas and spaces`)],
  );
}

// Fetch standard, "CORS protocol and credentials": with credentials `*` is a literal name, not a wildcard,
// so the filter has to echo what the browser asked for. Without them `*` says it all, whatever stands beside it.
function list(names: readonly string[], credentials: boolean): string | null {
  if (!names.includes('*')) return names.join(', ');
  return credentials ? null : '*';
}
