/** Control-plane half of Basic. */
import type { PolicyContext } from '../context.ts';
import { keyName } from '../key-name.ts';
import { type Translated, unsupported } from '../translated.ts';
import type { BasicConfig } from './basic-schema.ts';
import type { BasicSpec } from './basic-spec.ts';
import { identityHeaderProblems } from './credential-translate.ts';
import { parseHtpasswd } from './htpasswd.ts';

const authorization = { headers: [{ name: 'authorization', prefix: 'basic ' }] };

/** @param path where `spec` stands in its object, for messages */
export function translateBasic(
  spec: BasicSpec,
  name: string,
  path: string,
  context: PolicyContext,
): Translated<BasicConfig> {
  const { claimToHeaders = [], realm = name, forward } = spec;
  const at = `${path}.users`;
  const found = context.secret(spec.users, at);
  if (found.problem !== undefined) return [found.problem];
  const { users, mistakes } = parseHtpasswd(found.value);
  const first = mistakes[0] ?? (users.size === 0 ? 'there is no user; make one with htpasswd -B' : undefined);
  const problems = [
    ...(first === undefined
      ? []
      : [unsupported(at, `the file in ${keyName('Secret', spec.users, context)}: ${first}`)]),
    ...identityHeaderProblems(claimToHeaders, authorization, path),
  ];
  if (problems.length > 0) return problems;
  return { users: found.id, realm, forward, claimToHeaders };
}
