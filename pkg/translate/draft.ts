/** What translating one object collects: the filters, clusters and certificates it uses, and what is wrong with it. */
import { hash } from 'node:crypto';
import type { KubeObject } from '../api/object.ts';
import type { Filter } from '../ir/filter.ts';
import type { Certificate } from '../ir/ir.ts';
import type { PolicyOrigin } from '../ir/policy.ts';
import type { Problem } from '../status/problem.ts';
import { type AuthorityRef, resolveAuthority } from './authority.ts';
import { type BackendRef, resolveBackend } from './backendref.ts';
import {
  type CertificateRef,
  type FoundCertificate,
  findDefaultCertificate,
  resolveCertificate,
} from './certificate.ts';
import type { World } from './world.ts';

/** What a cluster is built from, once, after all objects were translated. */
export interface ClusterRef {
  readonly kind: 'Service' | 'Backend';
  readonly namespace: string;
  readonly name: string;
  /** Of the Service or Backend. */
  readonly port: number;
}

/** `cluster` null: the share of the requests answers 500, and `problem` says why. */
export interface ResolvedBackend {
  readonly cluster: string | null;
  readonly problem?: Problem;
}

/** Either an id in `Ir.certificates` or `Ir.authorities`, or why not. */
export type ResolvedCertificate =
  | { readonly id: string; readonly problem?: undefined }
  | { readonly id?: undefined; readonly problem: Problem };

/** What an object adds to the IR besides itself. Kept by the memo, so it holds nothing of the run that made it. */
export interface Outputs {
  readonly filters: Map<string, Filter>;
  readonly policies: Map<string, readonly PolicyOrigin[]>;
  readonly clusters: Map<string, ClusterRef>;
  readonly certificates: Map<string, Certificate>;
  /** CA bundles (PEM). */
  readonly authorities: Map<string, string>;
  readonly secrets: Map<string, string>;
}

export class Draft {
  readonly object: KubeObject;
  readonly world: World;
  readonly outputs = noOutputs();

  constructor(object: KubeObject, world: World) {
    this.object = object;
    this.world = world;
  }

  /** A draft for a part that may turn out to be invalid: what it uses counts only once it is absorbed. */
  fork(): Draft {
    return new Draft(this.object, this.world);
  }

  absorb(part: Draft): void {
    mergeOutputs(this.outputs, part.outputs);
  }

  /** @returns id in `Ir.filters`: one configuration stands once, however many rules use it */
  addFilter(filter: Filter): string {
    const id = this.#idOf(filter);
    this.outputs.filters.set(id, filter);
    return id;
  }

  /** @returns id in `Ir.policies` */
  addOrigins(origins: readonly PolicyOrigin[]): string {
    const id = this.#idOf(origins);
    this.outputs.policies.set(id, origins);
    return id;
  }

  #idOf(content: object): string {
    const { ids } = this.world;
    let id = ids.get(content);
    if (id === undefined) ids.set(content, (id = hash('sha256', JSON.stringify(content), 'hex').slice(0, 16)));
    return id;
  }

  /**
   * Resolves a reference that the object declares, through ReferenceGrants if it leaves the object's namespace.
   * The problem is returned, not added: the caller decides what it disables.
   * @param path where the reference stands: `spec.rules[0].backendRefs[1]`
   */
  resolveBackend(ref: BackendRef, path: string): ResolvedBackend {
    const found = resolveBackend(this.object, ref, path, this.world);
    if (found.cluster !== undefined) this.outputs.clusters.set(found.id, found.cluster);
    return found.problem === undefined ? { cluster: found.id } : { cluster: null, problem: found.problem };
  }

  /**
   * Reads and checks a TLS Secret: the chain, the key, and that they belong together.
   * @param path where the reference stands: `spec.listeners[0].tls.certificateRefs[0]`
   */
  resolveCertificate(ref: CertificateRef, path: string): ResolvedCertificate {
    return this.#use(resolveCertificate(this.object, ref, path, this.world));
  }

  /** The certificate for want of another; undefined: there is none. */
  resolveDefaultCertificate(path: string): ResolvedCertificate | undefined {
    const found = findDefaultCertificate(path, this.world);
    return found && this.#use(found);
  }

  #use(found: FoundCertificate): ResolvedCertificate {
    if (found.problem !== undefined) return { problem: found.problem };
    this.outputs.certificates.set(found.id, found.certificate);
    return { id: found.id };
  }

  /** Reads and checks a CA bundle. @returns id in `Ir.authorities`, or why not */
  resolveAuthority(ref: AuthorityRef, path: string): ResolvedCertificate {
    const found = resolveAuthority(this.object, ref, path, this.world);
    if (found.problem !== undefined) return { problem: found.problem };
    this.outputs.authorities.set(found.id, found.pem);
    return { id: found.id };
  }
}

export function noOutputs(): Outputs {
  return {
    filters: new Map(),
    policies: new Map(),
    clusters: new Map(),
    certificates: new Map(),
    authorities: new Map(),
    secrets: new Map(),
  };
}

export function mergeOutputs(into: Outputs, from: Outputs): void {
  for (const [id, filter] of from.filters) into.filters.set(id, filter);
  for (const [id, origins] of from.policies) into.policies.set(id, origins);
  for (const [id, cluster] of from.clusters) into.clusters.set(id, cluster);
  for (const [id, certificate] of from.certificates) into.certificates.set(id, certificate);
  for (const [id, authority] of from.authorities) into.authorities.set(id, authority);
  for (const [id, secret] of from.secrets) into.secrets.set(id, secret);
}
