/** The policy key `client` → what a listener of the IR says of its clients. */
import { addressMistakes, type ClientAddressSpec } from '../api/client-words.ts';
import { parseDuration } from '../api/duration.ts';
import type { ListenerClient, ListenerTls } from '../ir/listener.ts';
import type { ClientAddress } from '../ir/settings.ts';
import type { Problem } from '../status/problem.ts';
import type { ClientSpec } from './client-schema.ts';
import { parseNetwork } from './ip-set.ts';
import { type Translated, unsupported } from './translated.ts';

export interface TranslatedClient {
  /** `Listener.client`. */
  readonly client: ListenerClient;
  /** Laid over `Listener.tls`, where there is one. */
  readonly tls: Partial<Pick<ListenerTls, 'minVersion' | 'ciphers'>>;
}

/** @param path where `spec` stands in its object, for messages */
export function translateClient(spec: ClientSpec, path: string): Translated<TranslatedClient> {
  const { ip, tls = {}, headers = {}, timeouts = {} } = spec;
  const problems = ip === undefined ? [] : addressProblems(ip, `${path}.ip`);
  if (problems.length > 0) return problems;
  const waits = Object.fromEntries(
    Object.entries(timeouts).flatMap(([name, text]) => {
      const ms = parseDuration(text);
      return ms === undefined ? [] : [[name, ms]];
    }),
  );
  return {
    client: {
      ...(ip !== undefined && { address: addressOf(ip) }),
      ...(headers.underscores !== undefined && { underscores: headers.underscores }),
      ...(Object.keys(waits).length > 0 && { timeouts: waits }),
    },
    tls: {
      ...(tls.minVersion !== undefined && { minVersion: tls.minVersion === 'TLSv1_3' ? 'TLSv1.3' : 'TLSv1.2' }),
      ...(tls.ciphers !== undefined && { ciphers: tls.ciphers }),
    },
  };
}

/** With every field, so that a unit replaces a unit. */
export function addressOf(spec: ClientAddressSpec): ClientAddress {
  const { header } = spec;
  return {
    trustedCIDRs: spec.trustedCIDRs ?? [],
    trustedHops: spec.trustedHops ?? 0,
    proxyProtocol: spec.proxyProtocol ?? 'Disabled',
    header: header === undefined ? null : { name: header.name.toLowerCase(), failClosed: header.failClosed },
  };
}

function addressProblems(spec: ClientAddressSpec, path: string): readonly Problem[] {
  return [
    ...(spec.trustedCIDRs ?? []).flatMap((cidr, i) =>
      parseNetwork(cidr) === null
        ? [
            unsupported(
              `${path}.trustedCIDRs[${i}]`,
              `"${cidr}" is no network; write one such as 10.0.0.0/8 or fd00::/8`,
            ),
          ]
        : [],
    ),
    ...addressMistakes(spec).map(({ field, message, fix }) => unsupported(`${path}.${field}`, `${message}; ${fix}`)),
  ];
}
