/** An authorization service of gRPC for tests: another implementation of gRPC and of Protobuf than the gateway's. */
import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServiceDefinition,
  type sendUnaryData,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

/** As proto-loader reads it, with the names of the definition. */
export interface SeenCheck {
  readonly attributes: {
    readonly source: {
      readonly address: { readonly socket_address: { readonly address: string } };
      readonly principal: string;
      readonly certificate: string;
    };
    readonly destination: { readonly address: { readonly socket_address: { readonly port_value: number } } };
    readonly request: {
      readonly time: { readonly seconds: string };
      readonly http: {
        readonly id: string;
        readonly method: string;
        readonly headers: Readonly<Record<string, string>>;
        readonly path: string;
        readonly host: string;
        readonly scheme: string;
        readonly size: string;
        readonly body: string;
        readonly raw_body: Buffer;
      };
    };
    readonly context_extensions: Readonly<Record<string, string>>;
    readonly tls_session: { readonly sni: string } | null;
  };
}

/** Parts of a CheckResponse; `null` never answers; an Error is a status of gRPC; a Buffer is the message as bytes. */
export type GrpcAnswer = object | null | Error | Promise<object>;

export interface GrpcService {
  readonly port: number;
  readonly seen: readonly SeenCheck[];
  /** Address and port of who called. */
  readonly peers: ReadonlySet<string>;
  answer: GrpcAnswer | ((check: SeenCheck) => GrpcAnswer);
  /** Metadata of the last call. */
  readonly metadata: () => Readonly<Record<string, unknown>>;
  /** Sessions are told to go away. */
  drain(): void;
  close(): void;
}

const definition = loadSync(new URL('testdata/ext_authz.proto', import.meta.url).pathname, {
  keepCase: true,
  longs: String,
  defaults: true,
}) as unknown as Readonly<Record<string, ServiceDefinition>>;

/** @param port 0: any @param tls PEM */
export async function startGrpcService(
  answer: GrpcService['answer'] = { status: { code: 0 } },
  {
    port = 0,
    tls,
  }: { readonly port?: number; readonly tls?: { readonly certificate: string; readonly key: string } } = {},
): Promise<GrpcService> {
  const seen: SeenCheck[] = [];
  const peers = new Set<string>();
  let metadata: Readonly<Record<string, unknown>> = {};
  const server = new Server();
  const { Check } = definition['envoy.service.auth.v3.Authorization']!;
  const serialize = Check!.responseSerialize;
  const service = {
    Check: { ...Check!, responseSerialize: (value: object) => (Buffer.isBuffer(value) ? value : serialize(value)) },
  };
  server.addService(service, {
    async Check(call: ServerUnaryCall<SeenCheck, object>, done: sendUnaryData<object>) {
      seen.push(call.request);
      metadata = call.metadata.getMap();
      peers.add(call.getPeer());
      const given = typeof state.answer === 'function' ? state.answer(call.request) : state.answer;
      if (Error.isError(given)) done(given);
      else if (given !== null) done(null, await given);
    },
  });
  const credentials =
    tls === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(null, [
          { cert_chain: Buffer.from(tls.certificate), private_key: Buffer.from(tls.key) },
        ]);
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, credentials, (error, at) => (error === null ? resolve(at) : reject(error)));
  });
  const state: GrpcService = {
    port: bound,
    seen,
    peers,
    answer,
    metadata: () => metadata,
    drain: () => server.drain(`127.0.0.1:${bound}`, 1000),
    close: () => server.forceShutdown(),
  };
  return state;
}
