/** Forbidden: what writes Services meets the data plane. */
export type { ErrorCode } from '../proxy/errors.ts';
