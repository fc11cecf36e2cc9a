/** Thread entry: compares passwords with hashes, one after the other, and does nothing else. Started by `passwords.ts`. */
import { parentPort } from 'node:worker_threads';
import { compareSync } from 'bcryptjs';
import type { PasswordQuestion } from '../policy/feeds.ts';
import { matchesApr1 } from './apr1.ts';

parentPort?.on('message', ({ hash, password }: PasswordQuestion) => {
  parentPort?.postMessage(hash.startsWith('$apr1$') ? matchesApr1(password, hash) : compareSync(password, hash));
});
