/** What the user asked for: SCENARIO, TARGETS, ROUNDS, QUICK, BEFORE. The one place in bench/ that reads the environment. */
import { homedir } from 'node:os';
import { join } from 'node:path';

export interface Settings {
  /** Empty: all. */
  readonly scenarios: readonly string[];
  /** Empty: all. */
  readonly targets: readonly string[];
  readonly rounds: number;
  /** Of one round of one target, and of its warm-up. */
  readonly seconds: number;
  readonly warmUpSeconds: number;
  readonly quick: boolean;
  /** An earlier checkout of this repository, to compare with; null for none. */
  readonly before: string | null;
  /** Compiled tools and downloaded proxies. */
  readonly cache: string;
}

/** @throws with a message for the user */
export function readSettings(env: Readonly<Record<string, string | undefined>> = process.env): Settings {
  const quick = (env['QUICK'] ?? '') !== '' && env['QUICK'] !== '0';
  const rounds = env['ROUNDS'] === undefined || env['ROUNDS'] === '' ? (quick ? 1 : 5) : Number(env['ROUNDS']);
  if (!Number.isInteger(rounds) || rounds < 1 || rounds > 100) throw new Error('ROUNDS: write a number from 1 to 100');
  return {
    scenarios: list(env['SCENARIO']),
    targets: list(env['TARGETS']),
    rounds,
    seconds: quick ? 0.2 : 2,
    warmUpSeconds: quick ? 0.2 : 2,
    quick,
    before: env['BEFORE'] === undefined || env['BEFORE'] === '' ? null : env['BEFORE'],
    cache: join(env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'suuupra-gateway', 'bench'),
  };
}

function list(text = ''): readonly string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}
