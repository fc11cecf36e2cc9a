/** Control-plane half of body transforms. */
import { parseSize } from '../../api/quantity.ts';
import type { Scope } from '../../expression/variables.ts';
import type { Problem } from '../../status/problem.ts';
import { expressionProblems } from '../expression-translation.ts';
import { JsonMistake, parseJson } from '../json.ts';
import { isProblems, type Translated, unsupported } from '../translated.ts';
import type { BodyTransformConfig, Pointer } from './schema.ts';
import type { BodySpec } from './spec.ts';

const DefaultSize = 1_048_576;
const MaxSize = 16_777_216;
const json = ['application/json', '*+json'];

export function translateBody(spec: BodySpec, path: string, scope: Scope): Translated<BodyTransformConfig> {
  const { contentTypes = json, mergePatch, remove = [], set = [] } = spec;
  const maxSize = spec.maxSize === undefined ? DefaultSize : (parseSize(spec.maxSize) ?? 0);
  const patch = mergePatch === undefined ? null : parsePatch(mergePatch, `${path}.mergePatch`);
  const problems: Problem[] = [
    ...(maxSize < 1 || maxSize > MaxSize
      ? [unsupported(`${path}.maxSize`, `"${spec.maxSize}" is not between 1 and 16Mi; write a size such as 256Ki`)]
      : []),
    ...(patch !== null && isProblems(patch) ? patch : []),
    ...set.flatMap(({ expression }, i) =>
      expressionProblems(expression, 'json', `${path}.set[${i}].expression`, { ...scope, body: true }),
    ),
    ...(mergePatch === undefined && remove.length + set.length === 0
      ? [unsupported(path, 'changes nothing; write mergePatch, remove or set')]
      : []),
  ];
  if (problems.length > 0 || isProblems(patch ?? {})) return problems;
  return {
    contentTypes: contentTypes.map((type) => type.toLowerCase()),
    maxSize,
    mergePatch: patch as BodyTransformConfig['mergePatch'],
    remove: remove.map(pointerOf),
    set: set.map(({ path: at, expression }) => ({ path: pointerOf(at), source: expression })),
  };
}

function parsePatch(text: string, path: string): Translated<Readonly<Record<string, unknown>>> {
  try {
    const patch = parseJson(text);
    if (typeof patch === 'object' && patch !== null && !Array.isArray(patch))
      return patch as Readonly<Record<string, unknown>>;
    return [unsupported(path, 'is no JSON object; write one such as {"internal": null}')];
  } catch (error) {
    if (!(error instanceof JsonMistake)) throw error;
    return [unsupported(path, `${error.message} at character ${error.at}; write a JSON object`)];
  }
}

// RFC 6901 4: "by first transforming any occurrence of the sequence '~1' to '/', and then … '~0' to '~'".
function pointerOf(text: string): Pointer {
  return text
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}
