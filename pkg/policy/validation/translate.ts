/** Control-plane half of validation: the schema is compiled here once, so that its mistakes are told where it is written. */
import { parseSize } from '../../api/quantity.ts';
import type { PolicyContext } from '../context.ts';
import { JsonMistake, parseJson } from '../json.ts';
import { keyName } from '../key-name.ts';
import { isProblems, type Translated, unsupported } from '../translated.ts';
import { compileSchema } from './json-schema.ts';
import type { ValidationConfig, ValidationSpec } from './schema.ts';
import { SchemaMistake } from './schema-mistake.ts';

const DefaultSize = 1_048_576;
const MaxSize = 16_777_216;
/** Characters. */
const MaxSchema = 262_144;

/** @param path where `spec` stands in its object, for messages */
export function translateValidation(
  spec: ValidationSpec,
  path: string,
  context: PolicyContext,
): Translated<ValidationConfig> {
  const { methods = ['POST', 'PUT', 'PATCH'], contentTypes = ['application/json', '*+json'], allowEmpty } = spec;
  const maxSize = spec.maxSize === undefined ? DefaultSize : (parseSize(spec.maxSize) ?? 0);
  if (maxSize < 1 || maxSize > MaxSize)
    return [unsupported(`${path}.maxSize`, `"${spec.maxSize}" is not between 1 and 16Mi; write a size such as 256Ki`)];
  const source = textOf(spec, `${path}.schema`, context);
  if (isProblems(source)) return source;
  const schema = read(source.text, source.path);
  if (isProblems(schema))
    return schema.map((problem) => ({ ...problem, message: `${source.where}${problem.message}` }));
  return { ...schema, methods, contentTypes: contentTypes.map((type) => type.toLowerCase()), maxSize, allowEmpty };
}

function textOf(
  { schema: { type, inline, valueRef } }: ValidationSpec,
  path: string,
  context: PolicyContext,
): Translated<{ readonly text: string; readonly path: string; readonly where: string }> {
  const [wanted, other] = type === 'Inline' ? (['inline', 'valueRef'] as const) : (['valueRef', 'inline'] as const);
  const given = { inline, valueRef };
  if (given[wanted] === undefined)
    return [unsupported(`${path}.${wanted}`, `is missing; add it, or correct type (${type})`)];
  if (given[other] !== undefined) return [unsupported(`${path}.${other}`, `is not read with type ${type}; remove it`)];
  if (inline !== undefined) return { text: inline, path: `${path}.inline`, where: '' };
  const found = context.configMap(valueRef!, `${path}.valueRef`);
  if (found.problem !== undefined) return [found.problem];
  return { text: found.value, path: `${path}.valueRef`, where: `${keyName('ConfigMap', valueRef!, context)}: ` };
}

function read(text: string, path: string): Translated<Pick<ValidationConfig, 'schema'>> {
  if (text.length > MaxSchema)
    return [unsupported(path, `has ${text.length} characters; at most ${MaxSchema} are allowed`)];
  try {
    const schema = parseJson(text);
    compileSchema(schema);
    return { schema };
  } catch (error) {
    if (error instanceof JsonMistake)
      return [unsupported(path, `the schema ${error.message} (at character ${error.at}); write it as JSON text`)];
    if (error instanceof SchemaMistake) return [unsupported(path, `at "${error.at.slice(0, 200)}": ${error.message}`)];
    throw error;
  }
}
