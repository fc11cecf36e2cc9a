/** The request as the message CheckRequest describes it. */
import { isUtf8 } from 'node:buffer';
import { escapedPem } from '../policy/certificate-pem.ts';
import type { ClientCertificate, Exchange } from '../policy/runtime.ts';
import type { GrpcService } from './config.ts';
import type { CheckAttributes } from './ext-authz.ts';
import { isForService } from './field-names.ts';
import { authorityOf, judgedTarget, textOf } from './judged.ts';

/** Prepared once per configuration. @param wallClock milliseconds since the epoch */
export function createAttributes(
  { requestHeaders, contextExtensions }: GrpcService,
  wallClock: () => number,
): (exchange: Exchange, body: Uint8Array | null) => CheckAttributes {
  const listed = requestHeaders === null ? null : new Set(requestHeaders);
  const headersOf = ({ request }: Exchange, path: string): Readonly<Record<string, string>> => {
    const { method, scheme } = request;
    // As Envoy has them, whose services read either these or the attributes.
    const pseudo = { ':method': method, ':path': path, ':scheme': scheme, ':authority': authorityOf(request) };
    const fields = new Map(listed === null ? Object.entries(pseudo) : []);
    for (const [name, value] of request.headers.lines()) {
      if ((listed !== null && !listed.has(name)) || !isForService(name)) continue;
      const before = fields.get(name);
      const text = textOf(value);
      fields.set(name, before === undefined ? text : `${before}${name === 'cookie' ? '; ' : ','}${text}`);
    }
    return Object.fromEntries(fields);
  };

  return (exchange, body) => {
    const { request, connection } = exchange;
    const { clientCertificate, servername } = connection;
    const path = judgedTarget(request);
    const now = wallClock();
    const size = body?.length ?? (request.hasBody ? -1 : 0);
    return {
      source: {
        address: { socketAddress: { address: request.clientAddress, portValue: 0 } },
        ...(clientCertificate !== null && {
          principal: principalOf(clientCertificate),
          certificate: escapedPem(clientCertificate),
        }),
      },
      destination: { address: { socketAddress: { address: '', portValue: request.listenerPort } } },
      request: {
        time: { seconds: BigInt(Math.floor(now / 1000)), nanos: Math.floor(now % 1000) * 1_000_000 },
        http: {
          id: textOf(request.headers.get('x-request-id') ?? ''),
          method: request.method,
          headers: headersOf(exchange, path),
          path,
          host: authorityOf(request),
          scheme: request.scheme,
          size: BigInt(size),
          ...bodyOf(body),
        },
      },
      contextExtensions,
      ...(servername !== null && { tlsSession: { sni: servername } }),
    };
  };
}

/** "sourced from URI Subject Alternative Names, DNS Subject Alternate Names or Subject in that order" */
function principalOf({ uris, dnsNames, subject }: ClientCertificate): string {
  return uris[0] ?? dnsNames[0] ?? subject;
}

/** A `string` of Protobuf is UTF-8; other bytes have a field of their own. */
function bodyOf(body: Uint8Array | null): Pick<CheckAttributes['request']['http'], 'body' | 'rawBody'> {
  if (body === null) return {};
  return isUtf8(body) ? { body: new TextDecoder('utf-8', { ignoreBOM: true }).decode(body) } : { rawBody: body };
}
