/** Forbidden: a policy imports another. */
export type { MirrorConfig } from '../mirror/schema.ts';
