/** Calls of the gateway's own to services of gRPC at clusters: what policies ask authorization services. */
import type { DescMethodUnary, Message } from '@bufbuild/protobuf';
import { GrpcError } from './grpc-error.ts';
import type { ClusterRuntime } from './upstream.ts';

export interface UnaryRequest {
  /** Id in `Ir.clusters`. */
  readonly cluster: string;
  readonly method: DescMethodUnary;
  readonly message: Message;
  /** Milliseconds for all of it, connecting and other endpoints included. */
  readonly timeout: number;
  /** Gives the call up. */
  readonly signal?: AbortSignal;
}

/** The returned function rejects with a `GrpcError`. */
export function createUnary(clusters: {
  get(id: string): ClusterRuntime | undefined;
}): (request: UnaryRequest) => Promise<Message> {
  return async ({ cluster: id, method, message, timeout, signal }) => {
    const cluster = clusters.get(id);
    if (cluster === undefined) throw new GrpcError('no-endpoint', `there is no cluster ${id}`, true);
    // The first call loads the libraries, which is not the service's delay.
    await import('./grpc-lane.ts');
    const ending = new AbortController();
    const ended = Promise.withResolvers<never>();
    const end = (error: GrpcError): void => {
      ending.abort(error);
      ended.reject(error);
    };
    const onAbort = (): void => end(new GrpcError('client-closed', 'nobody waits for the call any more', false));
    const onTimeout = (): void =>
      end(new GrpcError('upstream-timeout', `${cluster.name} did not answer within ${timeout} ms`, false));
    const timer = setTimeout(onTimeout, timeout);
    if (signal?.aborted === true) onAbort();
    else signal?.addEventListener('abort', onAbort);
    try {
      return await Promise.race([ended.promise, cluster.unary(method, message, timeout, ending.signal)]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
    }
  };
}
