/** Forbidden: the data plane meets the control plane. */
export type { Translation } from '../translate/translation.ts';
