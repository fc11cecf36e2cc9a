/**
 * Where Ingresses listen: a Gateway that their class names, or the synthetic one; and the virtual HTTPS listeners that `tls`
 * entries add to either.
 */
import type { Ingress } from '../api/core.ts';
import { GATEWAY_API_GROUP } from '../api/kinds.ts';
import type { Listener } from '../ir/listener.ts';
import type { Attachment } from '../ir/route.ts';
import type { Problem } from '../status/problem.ts';
import type { PublishedAddress } from './addresses.ts';
import { attach } from './attach.ts';
import type { AttachableGateway, AttachableListener } from './attachable.ts';
import { findDefaultCertificate } from './certificate.ts';
import { withClient, withClientPolicy } from './client-policies.ts';
import type { Context } from './context.ts';
import { Draft, mergeOutputs } from './draft.ts';
import { translateFrontendTls } from './frontend-tls.ts';
import { intersectHostnames } from './hostname.ts';
import { publishIngress } from './ingress-front.ts';
import { coversHost, type TlsHost } from './ingress-rules.ts';
import { GatewayTier, IngressTier } from './sockets.ts';

/** Owner of the synthetic Gateway's sockets and listeners. Namespaces are lower case, so it is nobody's name. */
const Synthetic = 'Ingress';

export interface PlaceListener {
  /** Id in Ir.listeners. */
  readonly id: string;
  readonly port: number;
  readonly protocol: 'HTTP' | 'HTTPS';
  readonly hostname: string;
}

/** A virtual listener, and the listener of the Gateway that served its hostname before. */
export interface Virtual extends PlaceListener {
  readonly certificate: string;
  /** `namespace/name` of the Ingress. */
  readonly owner: string;
  readonly shadows: AttachableListener | undefined;
}

export class Place {
  /** `namespace/name` of the Gateway, or `Ingress`. */
  readonly id: string;
  /** Bound: IP addresses, or `*`. */
  readonly addresses: readonly string[];
  /** Where clients reach it. */
  readonly published: readonly PublishedAddress[];
  readonly httpsPort: number;
  readonly #context: Context;
  readonly #gateway: AttachableGateway | undefined;
  readonly #own: readonly PlaceListener[];
  readonly #virtual = new Map<string, Virtual>();
  /** Why the plaintext side is not served. */
  readonly problem: Problem | undefined;

  constructor(context: Context, gateway: AttachableGateway | undefined) {
    this.#context = context;
    this.#gateway = gateway;
    this.httpsPort = gateway === undefined ? 443 : httpsPortOf(gateway);
    if (gateway !== undefined) {
      this.id = `${gateway.namespace}/${gateway.name}`;
      this.addresses = gateway.addresses;
      this.published = gateway.published;
      this.#own = gateway.listeners.flatMap(toPlaceListener);
      return;
    }
    this.id = Synthetic;
    this.addresses = [context.addresses.takeShared()];
    this.published = publishIngress(this.addresses, context.options, context);
    const http = { id: `${Synthetic}/http`, port: 80, protocol: 'HTTP', hostname: '' } as const;
    this.problem = this.#listen(http, 'http', 'spec.rules');
    this.#own = context.listeners.has(http.id) ? [http] : [];
  }

  get virtual(): Iterable<Virtual> {
    return this.#virtual.values();
  }

  /** The Gateway's own listeners that this Ingress may use, or why none. */
  admit(ingress: Ingress): readonly PlaceListener[] | Problem {
    if (this.#gateway === undefined) return this.#own;
    const { namespace, name } = this.#gateway;
    const ref = { group: GATEWAY_API_GROUP, kind: 'Gateway', namespace, name };
    // To a Gateway an Ingress is a route like any other: allowedRoutes say who may attach.
    const [parent] = attach({ ...ingress, kind: 'HTTPRoute', spec: { parentRefs: [ref] } }, this.#context);
    if (parent?.refusal !== undefined)
      return { path: 'spec.ingressClassName', reason: parent.refusal.reason, message: parent.refusal.message };
    const ids = new Set(parent?.attached.map(({ listener }) => listener.id));
    return this.#own.filter(({ id }) => ids.has(id));
  }

  /**
   * Adds the HTTPS listener of a `tls` host; of several Ingresses the first keeps it.
   * @param admitted what `admit` gave
   */
  secure(tls: TlsHost, ingress: Ingress, admitted: readonly PlaceListener[]): Problem | undefined {
    const { host, certificate, path, isDefault } = tls;
    if (certificate === undefined) return undefined;
    // For want of another certificate: here is one.
    if (isDefault && (this.#virtual.has(host) || this.#covering(host) !== undefined)) return undefined;
    const owner = `${ingress.metadata.namespace}/${ingress.metadata.name}`;
    const before = this.#virtual.get(host);
    if (before !== undefined) {
      if (before.certificate === certificate) return undefined;
      const message = `${named(host)} has the certificate of Ingress ${before.owner}, which is older, or first by name; use the same Secret, or remove the host`;
      return { path, reason: 'CertificateConflict', message };
    }
    const shadows = this.#covering(host);
    if (shadows?.hostname === host) {
      const message = `${named(host)} has the certificate of listener ${shadows.name} of Gateway ${this.id}; this one is not used`;
      return { path, reason: 'CertificateConflict', message };
    }
    // A host that the Gateway keeps from this namespace is not to be taken by a certificate.
    if (shadows !== undefined && !admitted.some(({ id }) => id === shadows.id)) {
      const message = `listener ${shadows.name} of Gateway ${this.id} serves ${named(host)} and takes no routes from namespace ${ingress.metadata.namespace}; allow it in allowedRoutes.namespaces`;
      return { path, reason: 'NotAllowedByListeners', message };
    }
    const name = `https:${host === '' ? '*' : host}`;
    const listener = { id: `${this.id}/${name}`, port: this.httpsPort, protocol: 'HTTPS', hostname: host } as const;
    const demands = this.#demandsOf(listener, name, certificate, shadows);
    if (demands === undefined) {
      const message = `Gateway ${this.id} asks clients of port ${this.httpsPort} for certificates and has no CA that can be used, so TLS is refused for ${named(host)}; see its status`;
      return { path, reason: 'NoValidCACertificate', message };
    }
    const problem = this.#listen(listener, name, path, demands);
    if (this.#context.listeners.has(listener.id)) this.#virtual.set(host, { ...listener, certificate, owner, shadows });
    return problem;
  }

  /**
   * Adds the HTTPS listener of all other hosts, where there is a default certificate. To the synthetic Gateway alone: who named a Gateway for
   * Ingresses has said which hosts it serves. Why that certificate cannot be used is told by who has no other.
   */
  secureRest(): void {
    if (this.#gateway !== undefined || this.#virtual.has('')) return;
    const found = findDefaultCertificate('', this.#context);
    if (found?.id === undefined) return;
    this.#context.outputs.certificates.set(found.id, found.certificate);
    const listener = { id: `${this.id}/https:*`, port: this.httpsPort, protocol: 'HTTPS', hostname: '' } as const;
    // Without port 443 every `tls` entry tells so.
    this.#listen(listener, 'https:*', '', { tls: { certificates: [found.id], minVersion: 'TLSv1.2' } });
    if (this.#context.listeners.has(listener.id))
      this.#virtual.set('', { ...listener, certificate: found.id, owner: Synthetic, shadows: undefined });
  }

  /** Where rules for `host` serve. Hostnames are not narrowed to the listener's: it is what makes a default the last resort there. */
  attachments(host: string, admitted: readonly PlaceListener[], protocol?: 'HTTP' | 'HTTPS'): readonly Attachment[] {
    return [...admitted, ...this.#virtual.values()]
      .filter((listener) => protocol === undefined || listener.protocol === protocol)
      .filter(({ hostname }) => overlaps(host, hostname))
      .map(({ id }) => ({ listener: id, hostnames: [host], ...(host.startsWith('*.') && { oneLabel: true as const }) }))
      .sort((a, b) => (a.listener < b.listener ? -1 : 1));
  }

  /** The listener of the Gateway that takes TLS connections for `host` without a virtual one. */
  #covering(host: string): AttachableListener | undefined {
    const covers = ({ serves, protocol, port, hostname }: AttachableListener): boolean =>
      serves && protocol === 'HTTPS' && port === this.httpsPort && intersectHostnames(hostname, host) === host;
    return this.#gateway?.listeners.filter(covers).toSorted((a, b) => b.hostname.length - a.hostname.length)[0];
  }

  /**
   * What a virtual listener asks of its clients: what the listener asked that had the hostname before, or the Gateway asks of all. A
   * certificate of its own must not be a way around the Gateway's demands.
   * @returns undefined: nobody can meet them
   */
  #demandsOf(
    { id, port, protocol, hostname }: PlaceListener,
    name: string,
    certificate: string,
    shadows: AttachableListener | undefined,
  ): Pick<Listener, 'tls' | 'client'> | undefined {
    const context = this.#context;
    const before = shadows && context.listeners.get(shadows.id);
    const certificates = [certificate];
    if (before?.tls !== undefined)
      return { tls: { ...before.tls, certificates }, ...(before.client && { client: before.client }) };
    const gateway = this.#gateway && context.get('Gateway', this.#gateway.namespace, this.#gateway.name);
    const draft = gateway && new Draft(gateway, context);
    const frontend = draft && translateFrontendTls(gateway, port, draft);
    if (frontend?.notAccepted !== undefined) return undefined;
    if (draft !== undefined) mergeOutputs(context.outputs, draft.outputs);
    const tls = { certificates, minVersion: 'TLSv1.2' as const, ...(frontend && { client: frontend.client }) };
    return withClientPolicy(id, { gateway: this.id, name, port, protocol, hostname, tls }, context);
  }

  #listen(
    listener: PlaceListener,
    name: string,
    path: string,
    demands: Pick<Listener, 'tls' | 'client'> = {},
  ): Problem | undefined {
    const { port, protocol, hostname, id } = listener;
    const { sockets, options } = this.#context;
    const tier = this.#gateway === undefined ? IngressTier : GatewayTier;
    let problem: Problem | undefined;
    const ids: string[] = [];
    for (const address of this.addresses) {
      const bound = sockets.bind({ owner: this.id, address, port, protocol, tier });
      const reason = 'PortUnavailable';
      if (bound.takenBy !== undefined) {
        const { owner, protocol: theirs } = bound.takenBy;
        problem ??= {
          path,
          reason,
          message: `port ${port} belongs to ${owner === Synthetic ? 'Ingress itself' : `Gateway ${owner}`} (${theirs}), so ${protocol} is not served; free it, or give each its own address`,
        };
        continue;
      }
      if (bound.id === undefined) {
        problem ??= {
          path,
          reason: 'Pending',
          message: `port ${port} is being added to the Service of Gateway ${this.id}`,
        };
        continue;
      }
      ids.push(bound.id);
      const error = options.unbound[bound.id];
      if (error !== undefined)
        problem ??= {
          path,
          reason,
          message: `${address}:${sockets.boundPort(port, this.id)} cannot be bound: ${error}; free it or use --port-map`,
        };
    }
    if (ids.length === 0) return problem;
    const { tls, client } = demands;
    const asked = { ...(tls && { tls }), ...(client && { client }) };
    const listening: Listener = { gateway: this.id, name, port, protocol, hostname, ...asked };
    const said = this.#gateway === undefined ? this.#context.ingressClient : undefined;
    this.#context.addListener(id, withClient(listening, said), ids, tier);
    return problem;
  }
}

/** Hosts of an Ingress and the hostname of a listener; a wildcard is one label in the first, one or more in the second. */
function overlaps(host: string, hostname: string): boolean {
  if (host === '' || hostname === '' || host === hostname) return true;
  if (!hostname.startsWith('*.')) return coversHost(host, hostname);
  return (host.startsWith('*.') ? host.slice(1) : host).endsWith(hostname.slice(1));
}

export function httpsPortOf({ listeners }: AttachableGateway): number {
  const ports = listeners.filter(({ protocol }) => protocol === 'HTTPS').map(({ port }) => port);
  return ports.length === 0 || ports.includes(443) ? 443 : (ports[0] ?? 443);
}

function toPlaceListener({ id, port, protocol, hostname, serves }: AttachableListener): readonly PlaceListener[] {
  return serves && (protocol === 'HTTP' || protocol === 'HTTPS') ? [{ id, port, protocol, hostname }] : [];
}

function named(host: string): string {
  return host === '' ? 'every host' : host;
}
