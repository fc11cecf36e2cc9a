/** Forbidden: the control plane meets the data plane. */
export type { ErrorCode } from '../proxy/errors.ts';
