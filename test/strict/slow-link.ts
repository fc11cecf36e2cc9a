/** A link that can be cut: a network namespace with one virtual cable to this one. Peers behind it vanish without a FIN or a reset. Needs root and `ip`. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

export interface Link {
  /** Under which the other side reaches us. */
  readonly gatewayAddress: string;
  /** Runs the command behind it on the other side. */
  readonly command: readonly string[];
  /** From now on nothing comes through. */
  cut(): Promise<void>;
  close(): Promise<void>;
}

const run = promisify(execFile);

/** @returns null where it cannot be had */
export async function openVanishing(): Promise<Link | null> {
  const name = `slow${process.pid}`;
  // RFC 6890: 198.18.0.0/15 is for benchmarks of devices and never routed. /30 by pid, so that two runs do not meet.
  const base = (process.pid % 16_384) * 4;
  const address = (host: number): string => `198.18.${base >> 8}.${(base & 255) + host}`;
  const ip = (line: string): Promise<unknown> => run('ip', line.split(' '));
  const close = async (): Promise<void> => {
    // A namespace lives on while sockets in it wait for answers that never come; the cable need not.
    await ip(`link del ${name}a`).catch(() => {});
    await ip(`netns del ${name}`).catch(() => {});
  };
  try {
    await ip(`netns add ${name}`);
    await ip(`link add ${name}a type veth peer name ${name}b netns ${name}`);
    await ip(`addr add ${address(1)}/30 dev ${name}a`);
    await ip(`link set ${name}a up`);
    await ip(`-n ${name} addr add ${address(2)}/30 dev ${name}b`);
    await ip(`-n ${name} link set ${name}b up`);
  } catch {
    await close();
    return null;
  }
  return {
    gatewayAddress: address(1),
    command: ['ip', 'netns', 'exec', name],
    // Ours stays up: it goes on sending into the void, as to a machine that lost power.
    cut: async () => void (await ip(`-n ${name} link set ${name}b down`)),
    close,
  };
}
