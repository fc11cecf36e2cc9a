/** Basic: what a worker needs of it. */
import type { ClaimHeader } from './claim-header.ts';

export interface BasicConfig {
  /** Id in `Ir.secrets` of the htpasswd file. */
  readonly users: string;
  readonly realm: string;
  /** Whether the backend sees Authorization. */
  readonly forward: 'Keep' | 'Strip';
  readonly claimToHeaders: readonly ClaimHeader[];
}
