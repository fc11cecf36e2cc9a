/** Why a call of gRPC failed. */
import type { ErrorCode } from '../proxy/errors.ts';

/** `untouched`: no server has seen the call. */
export class GrpcError extends Error {
  readonly code: ErrorCode;
  readonly untouched: boolean;

  constructor(code: ErrorCode, message: string, untouched: boolean, cause?: unknown) {
    super(message, { cause });
    this.code = code;
    this.untouched = untouched;
  }
}
