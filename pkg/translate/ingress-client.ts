/**
 * The key `client` in the defaults of classes, for the listeners of the synthetic Gateway. Ingresses of every class that names no Gateway share
 * them, and who the client is has to be known before it is known whose request it is: where classes differ, the strictest holds for all.
 */
import type { GatewayClassConfig } from '../api/gatewayclassconfig.ts';
import type { ClientAddress, Settings } from '../ir/settings.ts';
import type { TranslatedClient } from '../policy/client-translate.ts';
import { strictestLimits, trustNobody } from '../policy/strictest-client.ts';
import type { Problem } from '../status/problem.ts';
import { byAge } from './age.ts';
import type { Context } from './context.ts';
import type { Classes } from './gatewayclass.ts';
import { configOf } from './ingress-class.ts';
import { IngressControllerName } from './names.ts';

export interface IngressClient {
  /** Undefined: what holds for the whole data plane. */
  readonly client: TranslatedClient | undefined;
  /** Why a class does not get what its config says. */
  readonly problems: ReadonlyMap<GatewayClassConfig, readonly Problem[]>;
}

interface ClassOfIngresses {
  readonly name: string;
  readonly config: GatewayClassConfig | undefined;
}

/** What holds for the clients of one class. */
interface Terms {
  readonly ip: ClientAddress;
  readonly headers: Settings['headers']['underscores'];
  readonly timeouts: Pick<Settings['timeouts'], 'header' | 'body' | 'idle'>;
  readonly tls: TranslatedClient['tls'];
}

const Path = 'spec.defaults.policies.client';

/** @param settings what holds where a class says nothing */
export function translateIngressClient(context: Context, classes: Classes, settings: Settings): IngressClient {
  const ours = context
    .list('IngressClass')
    .filter(({ spec }) => spec.controller === IngressControllerName)
    .toSorted(byAge)
    .map((each) => ({ name: each.metadata.name, ...configOf(each, context) }))
    // Nothing of it is served.
    .filter(({ fault }) => fault === undefined);
  const problems = new Map<GatewayClassConfig, readonly Problem[]>();
  for (const { name, config } of ours) {
    const problem = config && elsewhere(name, config, context, classes);
    if (problem !== undefined) problems.set(config!, [problem]);
  }

  // Those alone that say something else: two classes may have one config.
  const sharing = ours.filter(
    ({ config }, i) =>
      config?.spec.ingress?.gatewayRef === undefined && ours.findIndex((other) => other.config === config) === i,
  );
  const said = sharing.map(({ config }) => clientOf(config, context));
  if (said.every((client) => client === undefined)) return { client: undefined, problems };
  if (sharing.length === 1) return { client: said[0], problems };
  const terms = said.map((client) => termsOf(client, settings));
  for (const [i, { config }] of sharing.entries()) {
    const problem = config && conflict(i, sharing, terms);
    if (problem !== undefined) problems.set(config!, [...(problems.get(config!) ?? []), problem]);
  }
  return { client: strictest(terms), problems };
}

function clientOf(config: GatewayClassConfig | undefined, context: Context): TranslatedClient | undefined {
  if (config === undefined) return undefined;
  const { namespace, name } = config.metadata;
  const keys = context.policies('GatewayClassConfig', namespace, name).flatMap(({ level }) => level.keys);
  const setting = keys.find(({ key, mode }) => key === 'client' && mode === 'Enforce')?.setting;
  return setting?.key === 'client' ? setting.value : undefined;
}

/** A Gateway has one class, which says who its clients are; that of the Ingresses on it may be another. */
function elsewhere(
  className: string,
  config: GatewayClassConfig,
  context: Context,
  { configs }: Classes,
): Problem | undefined {
  const ref = config.spec.ingress?.gatewayRef;
  if (ref === undefined || clientOf(config, context) === undefined) return undefined;
  const namespace = ref.namespace ?? config.metadata.namespace;
  const gateway = context.get('Gateway', namespace, ref.name);
  if (gateway === undefined || configs.get(gateway.spec.gatewayClassName) === config) return undefined;
  const message = `does not reach the Ingresses of IngressClass ${className}: they are served by Gateway ${namespace}/${ref.name}, whose GatewayClass ${gateway.spec.gatewayClassName} says who its clients are; write it in a GatewayPolicy for that Gateway`;
  return { path: Path, reason: 'OtherGateway', message };
}

function termsOf(said: TranslatedClient | undefined, settings: Settings): Terms {
  const { client, headers, timeouts } = settings;
  const { trustedCIDRs, trustedHops, proxyProtocol, header } = client;
  return {
    ip: said?.client.address ?? { trustedCIDRs, trustedHops, proxyProtocol, header },
    headers: said?.client.underscores ?? headers.underscores,
    timeouts: { header: timeouts.header, body: timeouts.body, idle: timeouts.idle, ...said?.client.timeouts },
    tls: { minVersion: 'TLSv1.2', ...said?.tls },
  };
}

function conflict(own: number, sharing: readonly ClassOfIngresses[], terms: readonly Terms[]): Problem | undefined {
  const mine = terms[own]!;
  const parts = (Object.keys(mine) as (keyof Terms)[]).filter((part) =>
    terms.some((other) => !same(mine[part], other[part])),
  );
  if (parts.length === 0) return undefined;
  const others = sharing.filter((_, i) => parts.some((part) => !same(mine[part], terms[i]![part]))).map(described);
  const message = [
    `${parts.join(', ')}: not the same as for ${summary(others)}, with whose Ingresses those of IngressClass ${sharing[own]!.name} share ports 80 and 443`,
    effect(parts, terms),
    'say the same in all of them, or give each a Gateway (spec.ingress.gatewayRef)',
  ].join('; ');
  return { path: Path, reason: 'Conflicted', message };
}

function effect(parts: readonly (keyof Terms)[], terms: readonly Terms[]): string {
  const others = parts.filter((part) => part !== 'ip');
  const strict = others.length === 0 ? [] : [`of ${others.join(', ')} the strictest holds there`];
  if (others.length === parts.length) return strict.join();
  const ip =
    trustNobody(terms.map(({ ip: each }) => each)).header === null
      ? 'no proxy is believed there, and the client of a request is the peer of its connection'
      : 'no proxy is believed there, and every request is refused with 403, as header.failClosed of one of them asks for';
  return [ip, ...strict].join('; ');
}

function described({ name, config }: ClassOfIngresses): string {
  const { namespace = '', name: own = '' } = config?.metadata ?? {};
  return `IngressClass ${name} (${config === undefined ? 'without a GatewayClassConfig' : `GatewayClassConfig ${namespace}/${own}`})`;
}

function summary(names: readonly string[]): string {
  return names.length <= 3 ? names.join(', ') : `${names.slice(0, 3).join(', ')} and ${names.length - 3} more`;
}

function strictest(terms: readonly Terms[]): TranslatedClient {
  const [first] = terms;
  return {
    client: {
      address: terms.every(({ ip }) => same(ip, first!.ip)) ? first!.ip : trustNobody(terms.map(({ ip }) => ip)),
      ...strictestLimits(terms.map(({ headers, timeouts }) => ({ underscores: headers, timeouts }))),
    },
    tls: strictestTls(terms),
  };
}

function strictestTls(terms: readonly Terms[]): TranslatedClient['tls'] {
  const lists = terms.flatMap(({ tls }) => (tls.ciphers === undefined ? [] : [tls.ciphers]));
  const common = lists[0]?.filter((cipher) => lists.every((list) => list.includes(cipher)));
  // No suite of TLS 1.2 is good enough for all of them.
  const newest = common?.length === 0 || terms.some(({ tls }) => tls.minVersion === 'TLSv1.3');
  return {
    minVersion: newest ? 'TLSv1.3' : 'TLSv1.2',
    ...(common !== undefined && common.length > 0 && { ciphers: common }),
  };
}

function same(a: unknown, b: unknown): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
