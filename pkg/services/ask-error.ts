/** Why a question of a filter has no answer: what `FilterServices.ask` rejects with. */
import type { AskFailure } from '../policy/feeds.ts';

export class AskError extends Error {
  readonly code: AskFailure;

  constructor(code: AskFailure, message: string) {
    super(message);
    this.name = 'AskError';
    this.code = code;
  }
}
