/** GatewayClassConfig → the settings of the data plane, and the defaults of every limit. */
import { isIP } from 'node:net';
import { parseDuration } from '../api/duration.ts';
import type { GatewayClassConfig, GatewayClassConfigSpec } from '../api/gatewayclassconfig.ts';
import { parseSize } from '../api/quantity.ts';
import type { Settings } from '../ir/settings.ts';
import { addressOf } from '../policy/client-translate.ts';
import { credentialParams } from '../policy/credential-params.ts';
import { compareText } from './age.ts';
import type { Egress } from './egress.ts';
import { isHostNetwork } from './exposure.ts';
import type { TranslateOptions } from './translation.ts';

type DataPlane = NonNullable<GatewayClassConfigSpec['dataPlane']>;

const defaults: Omit<Settings, 'egress' | 'redis'> = {
  limits: {
    headerBytes: 65_536,
    headerCount: 100,
    urlLength: 16_384,
    bodyBytes: 0,
    connections: 20_000,
    connectionsPerListener: 20_000,
    requestsPerConnection: 10_000,
    // So that load evens out after a worker was replaced: a listener shares out connections, not requests.
    connectionAge: 600_000,
    replayBytes: 65_536,
  },
  timeouts: {
    handshake: 10_000,
    header: 10_000,
    body: 60_000,
    idle: 75_000,
    tunnel: 3_600_000,
    write: 60_000,
    // A byte a minute would keep a connection for ever. As Kestrel has it; who streams requests with long pauses says 0.
    minBodyRate: 240,
  },
  headers: { underscores: 'Reject', via: false, forwarded: false, serverHeader: '' },
  path: {
    escapedSlashes: 'Separate',
    mergeSlashes: true,
    parameters: 'RejectAmbiguous',
    doubleEscapes: 'RejectAmbiguous',
  },
  client: { trustedCIDRs: [], trustedHops: 0, proxyProtocol: 'Disabled', header: null, halfClose: 'Cancel' },
  accessLog: { fields: [], sampling: 1, redact: [] },
};

/**
 * @param config of the class that sets the data plane; undefined for the defaults
 * @param redis what `translateRedis` made of it
 * @param credentials query parameters that no log may hold
 */
export function translateSettings(
  config: GatewayClassConfig | undefined,
  options: TranslateOptions,
  redis: Settings['redis'] = null,
  credentials: readonly string[] = credentialParams([]),
): Settings {
  const dataPlane = config?.spec.dataPlane ?? {};
  return {
    limits: translateLimits(dataPlane),
    timeouts: translateTimeouts(dataPlane),
    headers: translateHeaders(dataPlane),
    path: { ...defaults.path, ...dataPlane.path },
    client: {
      ...addressOf(dataPlane.client ?? {}),
      halfClose: dataPlane.client?.halfClose ?? defaults.client.halfClose,
    },
    egress: {
      allowLoopback: options.allowLoopbackEndpoints,
      deniedCIDRs: [...(config?.spec.egress?.deniedCIDRs ?? []), ...guardedCIDRs(config, options)],
      allowedHostnames: config?.spec.egress?.allowedHostnames ?? [],
    },
    accessLog: translateAccessLog(dataPlane, credentials),
    redis,
  };
}

/**
 * What an EndpointSlice or a DNS answer must not turn the gateway against: the API server, and the gateway itself, of which every pod would pass
 * the request on to the next. On the host's network the pods' addresses are those of nodes, where others listen, too.
 */
function guardedCIDRs(config: GatewayClassConfig | undefined, { cluster }: TranslateOptions): readonly string[] {
  if (cluster === undefined) return [];
  const own = isHostNetwork(config) ? [] : [...cluster.ownAddresses, ...cluster.podAddresses];
  const addresses = [...new Set([...cluster.apiServer, ...own])].sort(compareText);
  return addresses.map((address) => `${address}/${isIP(address) === 6 ? 128 : 32}`);
}

/** What Backends may be. "Absent: Service only, and all of them in a directory." */
export function translateEgress(config: GatewayClassConfig | undefined, options: TranslateOptions): Egress {
  const granting =
    config === undefined
      ? 'a GatewayClassConfig that the parametersRef of the GatewayClass names'
      : `GatewayClassConfig ${config.metadata.namespace}/${config.metadata.name}`;
  const all = ['Service', 'Static', 'ExternalHostname', 'UnixSocket'];
  return {
    allowLoopback: options.allowLoopbackEndpoints,
    // A unix socket is on the machine of the gateway: no cluster object may reach into it, whatever a config says.
    backendTypes: (config?.spec.egress?.backendTypes ?? (options.directoryMode ? all : ['Service'])).filter(
      (type) => type !== 'UnixSocket' || options.directoryMode,
    ),
    allowedHostnames: config?.spec.egress?.allowedHostnames ?? [],
    grantedBy: `spec.egress of ${granting}`,
  };
}

function translateLimits({ limits = {} }: DataPlane): Settings['limits'] {
  const base = defaults.limits;
  return {
    headerBytes: bytes(limits.headerSize, base.headerBytes),
    headerCount: limits.headerCount ?? base.headerCount,
    urlLength: limits.urlLength ?? base.urlLength,
    bodyBytes: bytes(limits.bodySize, base.bodyBytes),
    connections: limits.connections ?? base.connections,
    connectionsPerListener: limits.connectionsPerListener ?? base.connectionsPerListener,
    requestsPerConnection: limits.requestsPerConnection ?? base.requestsPerConnection,
    connectionAge: milliseconds(limits.connectionAge, base.connectionAge),
    replayBytes: bytes(limits.replaySize, base.replayBytes),
  };
}

function translateTimeouts({ timeouts = {} }: DataPlane): Settings['timeouts'] {
  const base = defaults.timeouts;
  return {
    handshake: milliseconds(timeouts.handshake, base.handshake),
    header: milliseconds(timeouts.header, base.header),
    body: milliseconds(timeouts.body, base.body),
    idle: milliseconds(timeouts.idle, base.idle),
    tunnel: milliseconds(timeouts.tunnel, base.tunnel),
    write: milliseconds(timeouts.write, base.write),
    minBodyRate: bytes(timeouts.minBodyRate, base.minBodyRate),
  };
}

function translateHeaders({ headers = {} }: DataPlane): Settings['headers'] {
  const base = defaults.headers;
  return {
    underscores: headers.underscores ?? base.underscores,
    via: headers.via ?? base.via,
    forwarded: headers.forwarded ?? base.forwarded,
    serverHeader: headers.server ?? base.serverHeader,
  };
}

function translateAccessLog({ accessLog = {} }: DataPlane, credentials: readonly string[]): Settings['accessLog'] {
  return {
    fields: accessLog.fields ?? defaults.accessLog.fields,
    sampling: accessLog.samplingPercent === undefined ? defaults.accessLog.sampling : accessLog.samplingPercent / 100,
    redact: [...new Set([...(accessLog.redact ?? defaults.accessLog.redact), ...credentials])],
  };
}

// Both texts were checked by the schema; the default stands for one that is none.
function milliseconds(text: string | undefined, otherwise: number): number {
  return text === undefined ? otherwise : (parseDuration(text) ?? otherwise);
}

function bytes(text: string | undefined, otherwise: number): number {
  return text === undefined ? otherwise : (parseSize(text) ?? otherwise);
}
