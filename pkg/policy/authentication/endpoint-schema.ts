/** What a method asks over HTTP, as a worker knows it. */

export type Endpoint =
  /** Asked by the services thread. `authority`: PEM; null for the CAs of the system. */
  | { readonly kind: 'uri'; readonly uri: string; readonly authority: string | null }
  /** Asked by the worker itself. `cluster`: id in `Ir.clusters`; `authority`: what Host says. */
  | { readonly kind: 'cluster'; readonly cluster: string; readonly authority: string; readonly path: string };
