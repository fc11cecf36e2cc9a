/** A PolicyContext for translator tests: the objects it is given are all there are. */
import type { KubeObject } from '../api/object.ts';
import type { FilterContext } from '../policy/translators.ts';
import type { Problem } from '../status/problem.ts';

export interface PolicyContextOptions {
  readonly namespace?: string;
  /** `name/key` → value. */
  readonly secrets?: Readonly<Record<string, string>>;
  readonly configMaps?: Readonly<Record<string, string>>;
  /** `name` → PEM. */
  readonly authorities?: Readonly<Record<string, string>>;
  /** Names of Services that are there. */
  readonly services?: readonly string[];
  readonly objects?: readonly KubeObject[];
  /** Default true. */
  readonly hasCountries?: boolean;
}

export function testPolicyContext(options: PolicyContextOptions = {}): FilterContext {
  const { namespace = 'shop' } = options;
  const absent = (path: string, what: string): { readonly problem: Problem } => ({
    problem: { path, reason: 'RefNotFound', message: `${what} not found; create it or correct the reference` },
  });
  const backend: FilterContext['backend'] = ({ name, port }, path) =>
    options.services === undefined || options.services.includes(name)
      ? `Service/${namespace}/${name}:${port ?? 80}`
      : {
          path,
          reason: 'BackendNotFound',
          message: `Service ${namespace}/${name} not found; create it or correct the name`,
        };
  return {
    namespace,
    secret({ name, key }, path) {
      const value = options.secrets?.[`${name}/${key}`];
      return value === undefined
        ? absent(path, `Secret ${namespace}/${name} with key ${key}`)
        : { id: `Secret/${namespace}/${name}/${key}`, value };
    },
    configMap({ name, key }, path) {
      const value = options.configMaps?.[`${name}/${key}`];
      return value === undefined ? absent(path, `ConfigMap ${namespace}/${name} with key ${key}`) : { value };
    },
    authority({ kind, name }, path) {
      const value = options.authorities?.[name];
      return value === undefined
        ? absent(path, `${kind} ${namespace}/${name}`)
        : { id: `${kind}/${namespace}/${name}`, value };
    },
    backend,
    hasCountries: options.hasCountries ?? true,
    list: (kind) => (options.objects ?? []).filter((object) => object.kind === kind) as never,
    resolveMirror: backend,
    resolveBody: ({ name, key }, path) => {
      const value = options.configMaps?.[`${name}/${key}`];
      return value === undefined ? absent(path, `ConfigMap ${namespace}/${name} with key ${key}`).problem : { value };
    },
  };
}
