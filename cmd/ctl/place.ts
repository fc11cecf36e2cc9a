/** Where a command looks: a directory, or without one the cluster of a kubeconfig; and of which namespaces it tells. */
import type { CommandArgs, CommandOption } from './command.ts';

/** Options of every command that takes `[DIR]`. */
export const placeOptions: Readonly<Record<string, CommandOption>> = {
  kubeconfig: { type: 'string', value: 'FILE', summary: 'Without DIR: how to reach the cluster; default as kubectl' },
  context: { type: 'string', value: 'NAME', summary: 'Without DIR: context of the kubeconfig' },
  observe: {
    type: 'string',
    value: 'CLASS,…',
    summary: 'Without DIR: judge these classes of another controller as if they were ours',
  },
  namespace: { type: 'string', short: 'n', value: 'NAME', summary: 'Tell of this namespace only' },
  'all-namespaces': {
    type: 'boolean',
    short: 'A',
    summary: "Tell of every namespace; default with DIR, else that of the context's",
  },
};

export interface Place {
  /** Null: a cluster. */
  readonly directory: string | null;
  readonly kubeconfig: string | null;
  readonly context: string | null;
  /** Classes of other controllers that are judged. */
  readonly observe: readonly string[];
  /** Null: that of the context, or all of a directory. */
  readonly namespace: string | null;
  readonly everywhere: boolean;
}

/** @param directory the positional; `''` if it was left out */
export function placeOf({ strings, flags }: CommandArgs, directory: string): Place {
  return {
    directory: directory === '' ? null : directory,
    kubeconfig: strings['kubeconfig']?.[0] ?? null,
    context: strings['context']?.[0] ?? null,
    observe: (strings['observe']?.[0] ?? '').split(',').filter((name) => name !== ''),
    namespace: strings['namespace']?.[0] ?? null,
    everywhere: flags.has('all-namespaces'),
  };
}

/** The namespaces that are told of. */
export interface Scope {
  /** `''`: all. */
  readonly namespace: string;
  /** For messages: `in namespace shop`, or `''`. */
  readonly text: string;
  /** @param namespace `''` of a cluster-scoped object, which is everybody's */
  includes(namespace: string): boolean;
}

export function scopeOf({ namespace, everywhere, directory }: Place, contextNamespace: string): Scope {
  const chosen = everywhere ? '' : (namespace ?? (directory === null ? contextNamespace : ''));
  return {
    namespace: chosen,
    text: chosen === '' ? '' : ` in namespace ${chosen}`,
    includes: (of) => chosen === '' || of === '' || of === chosen,
  };
}
