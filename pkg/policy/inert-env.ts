/** An environment for filters that are built but never asked: `gatewayctl route` looks at a table without serving anything. */
import type { FilterEnv } from './runtime.ts';

/** @param secrets `Ir.secrets`, which a dump may lack: then every secret is empty */
export function inertFilterEnv(secrets: Readonly<Record<string, string>> = {}): FilterEnv {
  const nobody = () => Promise.reject(new Error('nothing is asked here'));
  return {
    random: () => 0,
    now: () => 0,
    wallClock: () => 0,
    dropped: () => undefined,
    secret: (id) => secrets[id] ?? '',
    call: nobody,
    unary: nobody,
    services: { watch: () => ({ value: undefined, first: nobody, close: () => undefined }), ask: nobody },
  };
}
