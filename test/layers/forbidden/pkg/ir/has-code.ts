/** Forbidden: the IR has code. */
export { createHash } from 'node:crypto';
