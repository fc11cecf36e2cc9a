/** Where a KeySet comes from, and how it stays fresh. */
import type { KeySet } from './key-set.ts';

export interface KeySource {
  /**
   * The keys as they are now, at once where they are known; null if there are none that may be used: 503.
   * Another object means that the keys are others, and that all they have verified is void.
   */
  current(): KeySet | null | Promise<KeySet | null>;
  /** Looks for new keys, because of a key id that is not known. @returns false if that was refused, since it happened just now */
  refresh(): Promise<boolean>;
  close(): void;
}
