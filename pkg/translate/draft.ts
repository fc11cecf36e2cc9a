/** What translating one object collects: the filters, clusters and certificates it uses, and what is wrong with it. */
import { hash } from 'node:crypto';
import type { KubeObject } from '../api/object.ts';
import type { Filter } from '../ir/filter.ts';
import type { Certificate } from '../ir/ir.ts';
import type { Problem } from '../status/problem.ts';
import { type BackendRef, resolveBackend } from './backendref.ts';
import { type CertificateRef, resolveCertificate } from './certificate.ts';
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

/** Either an id in `Ir.certificates`, or why not. */
export type ResolvedCertificate =
  | { readonly id: string; readonly problem?: undefined }
  | { readonly id?: undefined; readonly problem: Problem };

export class Draft {
  readonly object: KubeObject;
  readonly world: World;
  /** Everything wrong with the object, in the order found. */
  readonly problems: Problem[] = [];
  readonly filters = new Map<string, Filter>();
  readonly clusters = new Map<string, ClusterRef>();
  readonly certificates = new Map<string, Certificate>();
  /** CA bundles (PEM), by id in `Ir.authorities`. */
  readonly authorities = new Map<string, string>();

  constructor(object: KubeObject, world: World) {
    this.object = object;
    this.world = world;
  }

  /** @returns id in `Ir.filters`: one configuration stands once, however many rules use it */
  addFilter(filter: Filter): string {
    const id = hash('sha256', JSON.stringify(filter), 'hex').slice(0, 16);
    this.filters.set(id, filter);
    return id;
  }

  /**
   * Resolves a reference that the object declares, through ReferenceGrants if it leaves the object's namespace.
   * The problem is returned, not added: the caller decides what it disables.
   * @param path where the reference stands: `spec.rules[0].backendRefs[1]`
   */
  resolveBackend(ref: BackendRef, path: string): ResolvedBackend {
    const found = resolveBackend(this.object, ref, path, this.world);
    if (found.cluster !== undefined) this.clusters.set(found.id, found.cluster);
    return found.problem === undefined ? { cluster: found.id } : { cluster: null, problem: found.problem };
  }

  /**
   * Reads and checks a TLS Secret: the chain, the key, and that they belong together.
   * @param path where the reference stands: `spec.listeners[0].tls.certificateRefs[0]`
   */
  resolveCertificate(ref: CertificateRef, path: string): ResolvedCertificate {
    const found = resolveCertificate(this.object, ref, path, this.world);
    if (found.problem !== undefined) return { problem: found.problem };
    this.certificates.set(found.id, found.certificate);
    return { id: found.id };
  }
}
