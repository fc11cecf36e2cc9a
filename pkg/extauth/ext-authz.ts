/**
 * Envoy's authorization service, `envoy.service.auth.v3.Authorization`: the messages as far as the gateway writes or reads them. Only numbers and
 * types of fields cross the wire, so that messages of several files and packages there stand in one table here. Fields that it does not have are
 * skipped when they come. Source: envoy/service/auth/v3/{external_auth,attribute_context}.proto, envoy/config/core/v3/{address,base}.proto.
 */
import { create, createFileRegistry, type DescMethodUnary, type JsonObject, type Message } from '@bufbuild/protobuf';
import { file_google_protobuf_struct } from '@bufbuild/protobuf/wkt';
import { fileOf, type MessageTable } from './message-table.ts';

const PACKAGE = 'envoy.service.auth.v3';

const messages: MessageTable = {
  CheckRequest: { attributes: [1, 'AttributeContext'] },
  AttributeContext: {
    source: [1, 'Peer'],
    destination: [2, 'Peer'],
    request: [4, 'Request'],
    context_extensions: [10, 'map'],
    tls_session: [12, 'TLSSession'],
  },
  Peer: { address: [1, 'Address'], principal: [4, 'string'], certificate: [5, 'string'] },
  Address: { socket_address: [1, 'SocketAddress'] },
  SocketAddress: { address: [2, 'string'], port_value: [3, 'uint32'] },
  Request: { time: [1, 'Timestamp'], http: [2, 'HttpRequest'] },
  Timestamp: { seconds: [1, 'int64'], nanos: [2, 'int32'] },
  HttpRequest: {
    id: [1, 'string'],
    method: [2, 'string'],
    headers: [3, 'map'],
    path: [4, 'string'],
    host: [5, 'string'],
    scheme: [6, 'string'],
    size: [9, 'int64'],
    body: [11, 'string'],
    raw_body: [12, 'bytes'],
  },
  TLSSession: { sni: [1, 'string'] },
  CheckResponse: {
    status: [1, 'Status'],
    denied_response: [2, 'DeniedHttpResponse', 'http_response'],
    ok_response: [3, 'OkHttpResponse', 'http_response'],
    dynamic_metadata: [4, '.google.protobuf.Struct'],
  },
  Status: { code: [1, 'int32'] },
  DeniedHttpResponse: { status: [1, 'HttpStatus'], headers: [2, '<HeaderValueOption>'], body: [3, 'string'] },
  HttpStatus: { code: [1, 'int32'] },
  OkHttpResponse: {
    headers: [2, '<HeaderValueOption>'],
    headers_to_remove: [5, '<string>'],
    response_headers_to_add: [6, '<HeaderValueOption>'],
  },
  HeaderValueOption: { header: [1, 'HeaderValue'], append: [2, 'BoolValue'], append_action: [3, 'int32'] },
  HeaderValue: { key: [1, 'string'], value: [2, 'string'], raw_value: [3, 'bytes'] },
  BoolValue: { value: [1, 'bool'] },
};

export interface CheckAttributes {
  readonly source: PeerAttributes;
  readonly destination: PeerAttributes;
  readonly request: {
    readonly time: { readonly seconds: bigint; readonly nanos: number };
    readonly http: {
      readonly id: string;
      readonly method: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly path: string;
      readonly host: string;
      readonly scheme: string;
      readonly size: bigint;
      readonly body?: string;
      readonly rawBody?: Uint8Array;
    };
  };
  readonly contextExtensions: Readonly<Record<string, string>>;
  readonly tlsSession?: { readonly sni: string };
}

export interface PeerAttributes {
  readonly address: { readonly socketAddress: { readonly address: string; readonly portValue: number } };
  readonly principal?: string;
  readonly certificate?: string;
}

export interface CheckResponse {
  readonly status?: { readonly code: number };
  readonly httpResponse:
    | { readonly case: 'deniedResponse'; readonly value: DeniedHttpResponse }
    | { readonly case: 'okResponse'; readonly value: OkHttpResponse }
    | { readonly case: undefined };
  readonly dynamicMetadata?: JsonObject;
}

export interface DeniedHttpResponse {
  readonly status?: { readonly code: number };
  readonly headers: readonly HeaderValueOption[];
  readonly body: string;
}

export interface OkHttpResponse {
  readonly headers: readonly HeaderValueOption[];
  readonly headersToRemove: readonly string[];
  readonly responseHeadersToAdd: readonly HeaderValueOption[];
}

export interface HeaderValueOption {
  readonly header?: { readonly key: string; readonly value: string; readonly rawValue: Uint8Array };
  readonly append?: { readonly value: boolean };
  readonly appendAction: number;
}

const file = createFileRegistry(
  fileOf(PACKAGE, messages, {
    Authorization: { Check: ['CheckRequest', 'CheckResponse'] },
  }),
  (name) => (name === file_google_protobuf_struct.proto.name ? file_google_protobuf_struct : undefined),
);

/** `/envoy.service.auth.v3.Authorization/Check`. */
export const checkMethod = methodOf();

export function checkRequest(attributes: CheckAttributes): Message {
  return create(checkMethod.input, { attributes });
}

function methodOf(): DescMethodUnary {
  const method = file.getService(`${PACKAGE}.Authorization`)?.method['check'];
  if (method?.methodKind !== 'unary') throw new Error('the table of messages holds no method Check');
  return method as DescMethodUnary;
}
