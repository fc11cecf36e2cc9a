/**
 * JSON Schema (2020-12, and what draft 7 spells alike) by interpretation: a schema becomes closures, never code.
 * What is not known here is refused when the policy is applied: a keyword that is passed over silently checks nothing.
 */
import { isJsonObject } from '../json.ts';
import { isHugePattern, patternSize } from '../pattern-size.ts';
import { assertions, compilePattern } from './assertions.ts';
import type { Check, Path } from './run.ts';
import { entriesOf, naturalOf, type Place, SchemaMistake, textsOf } from './schema-mistake.ts';

const MaxSchemas = 2_000;
/** Instructions of all patterns of a schema: compiling so many takes each worker about a tenth of a second. */
const MaxPatterns = 50_000;

/** Say something to readers alone. */
const annotations = new Set([
  '$schema',
  '$id',
  '$comment',
  '$defs',
  'definitions',
  'title',
  'description',
  'default',
  'examples',
  'example',
  'deprecated',
  'readOnly',
  'writeOnly',
  'contentMediaType',
  'contentEncoding',
]);

/** Read together with the keyword they belong to. */
const companions = new Set([
  'then',
  'else',
  'additionalProperties',
  'patternProperties',
  'prefixItems',
  'minContains',
  'maxContains',
]);

/** Throws SchemaMistake. */
export function compileSchema(schema: unknown): Check {
  return new Compiler(schema).at('');
}

class Compiler {
  readonly #root: unknown;
  /** By JSON Pointer: `$ref` may lead to a schema that is being compiled. */
  readonly #compiled = new Map<string, { check: Check | undefined }>();
  #patterns = 0;

  constructor(root: unknown) {
    this.#root = root;
  }

  /** The check of the schema that a pointer leads to. */
  at(pointer: string): Check {
    const known = this.#compiled.get(pointer);
    if (known !== undefined) return (value, path, run) => known.check!(value, path, run);
    if (this.#compiled.size >= MaxSchemas) throw new SchemaMistake(`has more than ${MaxSchemas} schemas`, pointer);
    const entry: { check: Check | undefined } = { check: undefined };
    this.#compiled.set(pointer, entry);
    const check = this.#compile(this.#find(pointer), pointer);
    entry.check = check;
    return check;
  }

  #find(pointer: string): unknown {
    let schema = this.#root;
    for (const token of pointer.split('/').slice(1)) {
      const key = token.replaceAll('~1', '/').replaceAll('~0', '~');
      if (typeof schema !== 'object' || schema === null || !Object.hasOwn(schema, key))
        throw new SchemaMistake('there is no such schema', pointer);
      schema = (schema as Readonly<Record<string, unknown>>)[key];
    }
    return schema;
  }

  #compile(schema: unknown, at: string): Check {
    if (schema === true) return () => true;
    if (schema === false) return (_value, path, run) => run.fail(path, 'is not allowed');
    if (!isJsonObject(schema)) throw new SchemaMistake('a schema must be an object, true or false', at);
    const checks = Object.entries(schema).flatMap(([keyword, value]) => {
      const check = this.#keyword({ keyword, value, at: `${at}/${escaped(keyword)}` }, schema, at);
      return check === null ? [] : [check];
    });
    return (value, path, run) => {
      run.enter();
      let passes = true;
      for (const check of checks) {
        if (check(value, path, run)) continue;
        passes = false;
        if (run.full) break;
      }
      run.leave();
      return passes;
    };
  }

  /** Before anything is compiled. */
  #charge(pattern: unknown, at: string): void {
    this.#patterns += typeof pattern === 'string' && !isHugePattern(pattern) ? patternSize(pattern) : 0;
    if (this.#patterns > MaxPatterns)
      throw new SchemaMistake('the patterns up to here are too complex together; use fewer or simpler ones', at);
  }

  /** @returns null for what checks nothing by itself */
  #keyword(place: Place, schema: Readonly<Record<string, unknown>>, at: string): Check | null {
    const { keyword } = place;
    if (keyword === 'pattern') this.#charge(place.value, place.at);
    if (Object.hasOwn(assertions, keyword)) return assertions[keyword]!(place);
    if (annotations.has(keyword)) return null;
    switch (keyword) {
      case '$ref':
        return this.#reference(place);
      case 'allOf':
        return every(this.#list(place));
      case 'anyOf':
        return some(this.#list(place));
      case 'oneOf':
        return one(this.#list(place));
      case 'not':
        return not(this.at(place.at));
      case 'if':
        return this.#condition(place, schema, at);
      case 'propertyNames':
        return names(this.at(place.at));
      case 'dependentRequired':
        return dependent(entriesOf(place).map(([name, value]) => [name, textsOf({ ...place, value })] as const));
      case 'items':
        return items(this.#prefix(schema, at), this.at(place.at));
      case 'contains':
        return this.#contains(place, schema, at);
      default:
        return this.#structure(place, schema, at);
    }
  }

  /** Keywords that are compiled once for several of them. */
  #structure({ keyword, at: place }: Place, schema: Readonly<Record<string, unknown>>, at: string): Check | null {
    const [first] = ['properties', 'patternProperties', 'additionalProperties'].filter((name) =>
      Object.hasOwn(schema, name),
    );
    if (keyword === first) return this.#properties(schema, at);
    if (keyword === 'prefixItems' && !Object.hasOwn(schema, 'items'))
      return items(this.#prefix(schema, at), () => true);
    if (keyword === 'properties' || companions.has(keyword)) return null;
    throw new SchemaMistake(`${keyword} is not supported; remove it`, place);
  }

  /** Of this document only: nothing is fetched. */
  #reference({ value, at }: Place): Check {
    if (typeof value !== 'string' || !/^#(?:\/|$)/.test(value))
      throw new SchemaMistake('$ref must be a JSON Pointer into this schema, such as #/$defs/order', at);
    try {
      return this.at(decodeURIComponent(value.slice(1)));
    } catch (error) {
      if (error instanceof URIError) throw new SchemaMistake('$ref holds a wrong escape', at);
      throw error;
    }
  }

  #list({ keyword, value, at }: Place): readonly Check[] {
    if (!Array.isArray(value) || value.length === 0)
      throw new SchemaMistake(`${keyword} must be a list of schemas`, at);
    return value.map((_, i) => this.at(`${at}/${i}`));
  }

  #condition({ at: place }: Place, schema: Readonly<Record<string, unknown>>, at: string): Check {
    const test = this.at(place);
    const then = Object.hasOwn(schema, 'then') ? this.at(`${at}/then`) : () => true;
    const otherwise = Object.hasOwn(schema, 'else') ? this.at(`${at}/else`) : () => true;
    return (value, path, run) => (run.ask(test, value, path) ? then(value, path, run) : otherwise(value, path, run));
  }

  #prefix(schema: Readonly<Record<string, unknown>>, at: string): readonly Check[] {
    if (!Object.hasOwn(schema, 'prefixItems')) return [];
    return this.#list({ keyword: 'prefixItems', value: schema['prefixItems'], at: `${at}/prefixItems` });
  }

  #contains({ at: place }: Place, schema: Readonly<Record<string, unknown>>, at: string): Check {
    const check = this.at(place);
    const count = (keyword: string, absent: number): number =>
      Object.hasOwn(schema, keyword) ? naturalOf({ keyword, value: schema[keyword], at: `${at}/${keyword}` }) : absent;
    const least = count('minContains', 1);
    const most = count('maxContains', Number.POSITIVE_INFINITY);
    return (value, path, run) => {
      if (!Array.isArray(value)) return true;
      const found = value.filter((item) => run.ask(check, item, path)).length;
      return (found >= least && found <= most) || run.fail(path, `must have ${least} or more matching items`);
    };
  }

  #properties(schema: Readonly<Record<string, unknown>>, at: string): Check {
    const entries = (keyword: string) =>
      Object.hasOwn(schema, keyword) ? entriesOf({ keyword, value: schema[keyword], at: `${at}/${keyword}` }) : [];
    const named = new Map(entries('properties').map(([name]) => [name, this.at(`${at}/properties/${escaped(name)}`)]));
    const patterns = entries('patternProperties').map(([pattern]) => {
      const place = `${at}/patternProperties/${escaped(pattern)}`;
      this.#charge(pattern, place);
      return { matches: compilePattern(pattern, place), check: this.at(place) };
    });
    const others = Object.hasOwn(schema, 'additionalProperties') ? this.at(`${at}/additionalProperties`) : null;
    return (value, path, run) => {
      if (!isJsonObject(value)) return true;
      let passes = true;
      for (const [name, child] of Object.entries(value)) {
        run.charge(1);
        const below: Path = { parent: path, key: name };
        const matching = patterns.filter(({ matches }) => matches(name, run)).map(({ check }) => check);
        const own = named.get(name);
        const checks = own === undefined ? matching : [own, ...matching];
        const applied = checks.length > 0 || others === null ? checks : [others];
        for (const check of applied) if (!check(child, below, run)) passes = false;
        if (!passes && run.full) break;
      }
      return passes;
    };
  }
}

function every(checks: readonly Check[]): Check {
  return (value, path, run) => {
    let passes = true;
    for (const check of checks) {
      if (check(value, path, run)) continue;
      passes = false;
      if (run.full) break;
    }
    return passes;
  };
}

function some(checks: readonly Check[]): Check {
  return (value, path, run) =>
    checks.some((check) => run.ask(check, value, path)) || run.fail(path, 'must match one of the allowed forms');
}

function one(checks: readonly Check[]): Check {
  return (value, path, run) =>
    checks.filter((check) => run.ask(check, value, path)).length === 1 ||
    run.fail(path, 'must match exactly one of the allowed forms');
}

function not(check: Check): Check {
  return (value, path, run) => !run.ask(check, value, path) || run.fail(path, 'has a form that is not allowed');
}

function names(check: Check): Check {
  return (value, path, run) => {
    if (!isJsonObject(value)) return true;
    const wrong = Object.keys(value).find((name) => !run.ask(check, name, path));
    return wrong === undefined || run.fail({ parent: path, key: wrong }, 'has a name that is not allowed');
  };
}

function dependent(rules: readonly (readonly [name: string, others: readonly string[]])[]): Check {
  return (value, path, run) => {
    if (!isJsonObject(value)) return true;
    for (const [name, others] of rules) {
      if (!Object.hasOwn(value, name)) continue;
      run.charge(others.length);
      const missing = others.find((other) => !Object.hasOwn(value, other));
      if (missing !== undefined) return run.fail({ parent: path, key: missing }, `is required beside ${name}`);
    }
    return true;
  };
}

function items(prefix: readonly Check[], rest: Check): Check {
  return (value, path, run) => {
    if (!Array.isArray(value)) return true;
    let passes = true;
    for (const [i, item] of value.entries()) {
      run.charge(1);
      if ((prefix[i] ?? rest)(item, { parent: path, key: i }, run)) continue;
      passes = false;
      if (run.full) break;
    }
    return passes;
  };
}

function escaped(name: string): string {
  return name.replaceAll('~', '~0').replaceAll('/', '~1');
}
