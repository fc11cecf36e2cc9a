/** Flags, environment and file → one frozen Config, or every mistake in them. Used by cmd/gateway.ts alone. */
import { parseArgs } from 'node:util';
import { parse as parseYaml } from 'yaml';
import { nearest } from '../api/nearest.ts';
import { flagOf, type OptionKey, options, variableOf } from './options.ts';
import type { Read } from './value.ts';

type ValueOf<K extends OptionKey> = Extract<ReturnType<(typeof options)[K]['read']>, { value: unknown }>['value'];

/** null where an option has no default and was not given. */
export type Config = {
  readonly [K in OptionKey]: (typeof options)[K] extends { readonly fallback: null } ? ValueOf<K> | null : ValueOf<K>;
};

export interface Sources {
  /** Without the program's own name. */
  readonly argv: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Throws the system's error. */
  readFile(path: string): string;
}

export type Loaded =
  | { readonly kind: 'config'; readonly config: Config }
  | { readonly kind: 'help' }
  | { readonly kind: 'version' }
  /** One line each. */
  | { readonly kind: 'mistakes'; readonly mistakes: readonly string[] };

/** A value, and where it was written: `--workers`, `SUUUPRA_WORKERS` or `workers in gateway.yaml`. */
interface Given {
  readonly raw: string;
  readonly place: string;
}

type Layer = Map<OptionKey, Given>;

const keys = Object.keys(options) as OptionKey[];

/** Flags win over the environment, the environment over the file, the file over defaults. */
export function loadConfig(sources: Sources): Loaded {
  const mistakes: string[] = [];
  const flags = fromFlags(sources.argv, mistakes);
  if (flags.help) return { kind: 'help' };
  if (flags.version) return { kind: 'version' };
  const environment = fromEnvironment(sources.env, mistakes);
  const path = flags.file ?? sources.env['SUUUPRA_CONFIG'];
  const file = path === undefined ? new Map() : fromFile(path, sources, mistakes);

  const config: Record<string, unknown> = {};
  for (const key of keys) {
    const given = flags.layer.get(key) ?? environment.get(key) ?? file.get(key);
    const raw = given?.raw ?? options[key].fallback;
    const result: Read<unknown> = raw === null ? { value: null } : options[key].read(raw);
    if ('value' in result) config[key] = result.value;
    else mistakes.push(`${given?.place ?? key}: "${raw}" is not valid; write ${result.wanted}`);
  }
  if (mistakes.length > 0) return { kind: 'mistakes', mistakes };
  return { kind: 'config', config: Object.freeze(config) as Config };
}

function fromFlags(
  argv: readonly string[],
  mistakes: string[],
): { layer: Layer; file?: string; help: boolean; version: boolean } {
  const known = new Map(keys.map((key) => [flagOf(key).slice(2), key]));
  const result: { layer: Layer; file?: string; help: boolean; version: boolean } = {
    layer: new Map(),
    help: false,
    version: false,
  };
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    tokens: true,
    options: {
      ...Object.fromEntries(
        [...known].map(([flag, key]) => [flag, { type: 'bare' in options[key] ? 'boolean' : 'string' }]),
      ),
      config: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
      version: { type: 'boolean', short: 'v' },
    },
  });
  let behindUnknown = -1;
  for (const token of tokens) {
    // What stands behind an unknown flag is most likely its value: one mistake, not two.
    if (token.kind === 'positional' && token.index !== behindUnknown)
      mistakes.push(`"${token.value}" is not an option; every option starts with --`);
    if (token.kind !== 'option') continue;
    const key = known.get(token.name);
    if (token.name === 'help') result.help = true;
    else if (token.name === 'version') result.version = true;
    else if (key === undefined && token.name !== 'config') {
      mistakes.push(unknown(token.rawName, [...keys.map(flagOf), '--config', '--help', '--version']));
      behindUnknown = token.index + 1;
    } else if (token.value === undefined && (key === undefined || !('bare' in options[key])))
      mistakes.push(`${token.rawName} needs a value${key === undefined ? '' : `: ${options[key].form}`}`);
    else if (key === undefined) result.file = token.value ?? '';
    else result.layer.set(key, { raw: token.value ?? '', place: token.rawName });
  }
  return result;
}

// Kubernetes writes variables for every Service of the namespace into a pod ("service links"), so a Service named `suuupra` or
// `suuupra-gateway` makes SUUUPRA_SERVICE_HOST, SUUUPRA_PORT, SUUUPRA_GATEWAY_PORT_80_TCP_ADDR, …: not the user's doing.
const ServiceLink = /_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT|PORT_\d+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)$/;

function fromEnvironment(env: Sources['env'], mistakes: string[]): Layer {
  const layer: Layer = new Map();
  const known = new Map(keys.map((key) => [variableOf(key), key]));
  for (const [name, raw] of Object.entries(env)) {
    if (!name.startsWith('SUUUPRA_') || raw === undefined || name === 'SUUUPRA_CONFIG') continue;
    const key = known.get(name);
    if (key !== undefined) layer.set(key, { raw, place: name });
    else if (!ServiceLink.test(name)) mistakes.push(unknown(name, [...known.keys(), 'SUUUPRA_CONFIG']));
  }
  return layer;
}

function fromFile(path: string, sources: Sources, mistakes: string[]): Layer {
  const layer: Layer = new Map();
  let document: unknown;
  try {
    document = parseYaml(sources.readFile(path)) ?? {};
  } catch (error) {
    mistakes.push(`${path}: ${Error.isError(error) ? firstLine(error.message) : String(error)}`);
    return layer;
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document)) {
    mistakes.push(`${path}: holds no mapping; write one option a line, such as workers: 2`);
    return layer;
  }
  for (const [name, content] of Object.entries(document)) {
    const key = keys.find((key) => key === name);
    if (key === undefined) mistakes.push(`${path}: ${unknown(name, keys)}`);
    else if (content !== null) layer.set(key, { raw: textOf(content), place: `${key} in ${path}` });
  }
  return layer;
}

/** Lists and maps are written as YAML has them; the readers take the form that a flag has. */
function textOf(content: unknown): string {
  if (Array.isArray(content)) return content.map(String).join(',');
  if (typeof content === 'object' && content !== null) {
    return Object.entries(content)
      .map(([name, value]) => `${name}:${String(value)}`)
      .join(',');
  }
  return String(content);
}

function unknown(name: string, known: readonly string[]): string {
  const guess = nearest(name, known);
  return `${name} is not an option${guess === undefined ? '; see --help' : `; did you mean ${guess}?`}`;
}

function firstLine(text: string): string {
  return text.split('\n', 1)[0]?.replace(/:$/, '') ?? '';
}
