/** Asks a service by gRPC, as Envoy does. */
import type { FilterEnv } from '../policy/runtime.ts';
import type { ExternalAuthConfig, GrpcService } from './config.ts';
import type { CheckResponse } from './ext-authz.ts';
import { readCheckResponse } from './grpc-answer.ts';
import { createAttributes } from './grpc-attributes.ts';
import type { Ask } from './verdict.ts';

/** @returns rejects if the service does not answer */
export function createGrpcCheck({ cluster, timeout }: ExternalAuthConfig, service: GrpcService, env: FilterEnv): Ask {
  // Loaded where a configuration asks for it: Protobuf is 2.5 MB of heap in each worker.
  const messages = import('./ext-authz.ts');
  messages.catch(() => undefined);
  const attributesOf = createAttributes(service, () => env.wallClock());
  return async (exchange, body, signal) => {
    // Before anything is waited for: the views are the exchange's only as long as it lasts.
    const attributes = attributesOf(exchange, body);
    const { checkMethod, checkRequest } = await messages;
    const message = checkRequest(attributes);
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
