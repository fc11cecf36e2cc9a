/**
 * Where the API server is: the address it is spoken to at, and those behind the Service `kubernetes`. The egress guard denies them to
 * Backends and EndpointSlices. Used by `worker/cluster.ts`.
 */
import { isIP } from 'node:net';
import type { Clock } from '../store/clock.ts';
import { type KubeApi, KubeError } from './api.ts';

export interface ApiServer {
  addresses(): readonly string[];
  close(): void;
}

export interface ApiServerOptions {
  readonly api: KubeApi;
  /** `https://10.96.0.1:443` */
  readonly server: string;
  /** Whether EndpointSlices of the namespace `default` may be read. */
  readonly slices: boolean;
  readonly clock: Clock;
  /** `addresses` says something else. */
  readonly onChange: () => void;
  readonly onError: (error: KubeError) => void;
}

/** ms. Control-plane nodes come and go rarely. */
const Refresh = 300_000;
const AfterFailure = 5_000;

interface SliceList {
  readonly items?: readonly { readonly endpoints?: readonly { readonly addresses?: readonly string[] }[] | null }[];
}

export function followApiServer({ api, server, slices, clock, onChange, onError }: ApiServerOptions): ApiServer {
  const host = new URL(server).hostname.replace(/^\[|\]$/g, '');
  const known = isIP(host) === 0 ? [] : [host];
  const life = new AbortController();
  let addresses: readonly string[] = known;
  let cancel = (): void => {};

  async function read(): Promise<void> {
    try {
      const list = (await api.send({
        method: 'GET',
        path: '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices',
        query: { labelSelector: 'kubernetes.io/service-name=kubernetes' },
        signal: life.signal,
      })) as SliceList;
      const found = (list.items ?? []).flatMap(({ endpoints }) =>
        (endpoints ?? []).flatMap((each) => each.addresses ?? []),
      );
      const next = [...new Set([...known, ...found])].sort();
      const same = next.length === addresses.length && next.every((address, i) => address === addresses[i]);
      addresses = next;
      if (!same) onChange();
      again(Refresh);
    } catch (error) {
      if (life.signal.aborted) return;
      // Not to be told at every attempt of an outage: what is known stays.
      if (error instanceof KubeError && error.code !== 0) onError(error);
      again(AfterFailure);
    }
  }

  function again(delay: number): void {
    cancel = clock.after(delay, () => void read());
  }

  if (slices) void read();
  return {
    addresses: () => addresses,
    close() {
      life.abort();
      cancel();
    },
  };
}
