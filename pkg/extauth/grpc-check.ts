/** Asks a service by gRPC, as Envoy does. */
import type { FilterEnv } from '../policy/runtime.ts';
import type { ExternalAuthConfig, GrpcService } from './config.ts';
import { type CheckResponse, checkMethod, checkRequest } from './ext-authz.ts';
import { readCheckResponse } from './grpc-answer.ts';
import { createAttributes } from './grpc-attributes.ts';
import type { Ask } from './verdict.ts';

/** @returns rejects if the service does not answer */
export function createGrpcCheck({ cluster, timeout }: ExternalAuthConfig, service: GrpcService, env: FilterEnv): Ask {
  const attributesOf = createAttributes(service, () => env.wallClock());
  return async (exchange, body, signal) => {
    const message = checkRequest(attributesOf(exchange, body));
    const answer = await env.unary({
      cluster,
      method: checkMethod,
      message,
      timeout,
      ...(signal !== null && { signal }),
    });
    return readCheckResponse(answer as unknown as CheckResponse);
  };
}
