/**
 * Certificates that expire soon, told as Events on the Gateways, ListenerSets and Ingresses that use them. Time is no input of
 * translation, so this looks by itself: after each one, and now and then between them.
 */
import { X509Certificate } from 'node:crypto';
import { type KubeObject, objectId } from '../api/object.ts';
import type { Certificate, Ir } from '../ir/ir.ts';
import type { EventFacts } from '../kube/events.ts';
import type { Leadership } from '../kube/lease.ts';
import type { Clock } from '../store/clock.ts';
import type { Snapshot } from '../store/snapshot.ts';

export interface ExpiryOptions {
  readonly record: (facts: EventFacts) => void;
  readonly leadership: Leadership;
  readonly clock: Clock;
  readonly now: () => Date;
}

export interface ExpiryWatch {
  /** What is translated now. */
  look(ir: Ir, snapshot: Snapshot): void;
  close(): void;
}

/** ms before the end from which on it is told. ACME clients renew a third of the time before: then something is wrong with them. */
const Notice = 14 * 24 * 3_600_000;
/** ms between looks while nothing is translated, and until the same is told again: the API server forgets Events after an hour. */
const Every = 3_600_000;

export function watchExpiry({ record, leadership, clock, now }: ExpiryOptions): ExpiryWatch {
  /** Parsing is dear, and a certificate stays the same instance while it does not change. */
  const ends = new WeakMap<Certificate, number>();
  let told = new Set<string>();
  let latest: { readonly ir: Ir; readonly snapshot: Snapshot } | undefined;
  let cancel: (() => void) | undefined;

  const endOf = (certificate: Certificate): number => {
    const known = ends.get(certificate);
    if (known !== undefined) return known;
    // The first of the chain is the leaf; translation has parsed it before.
    const end = Date.parse(new X509Certificate(certificate.certificate).validTo);
    ends.set(certificate, end);
    return end;
  };

  const tell = () => {
    if (latest === undefined || !leadership.leading()) return;
    const { ir, snapshot } = latest;
    const time = now().getTime();
    const expiring = new Map<string, number>();
    for (const [id, certificate] of Object.entries(ir.certificates)) {
      const end = endOf(certificate);
      if (end - time < Notice) expiring.set(id, end);
    }
    if (expiring.size === 0) return;
    for (const [object, id] of [...usersOf(ir, snapshot), ...unused(expiring.keys(), ir, snapshot)]) {
      const end = expiring.get(id);
      if (end === undefined) continue;
      const isOver = end <= time;
      const key = JSON.stringify([object.metadata.uid, id, end, isOver]);
      if (told.has(key)) continue;
      told.add(key);
      record(factsOf(object, id, end, isOver));
    }
  };

  const again = () => {
    cancel = clock.after(Every, again);
    told = new Set();
    tell();
  };
  cancel = clock.after(Every, again);
  leadership.onChange(() => {
    told = new Set();
    tell();
  });

  return {
    look(ir, snapshot) {
      latest = { ir, snapshot };
      tell();
    },
    close: () => cancel?.(),
  };
}

/** Who serves each certificate: only what is served was allowed to be referred to. */
function* usersOf(ir: Ir, snapshot: Snapshot): Generator<readonly [KubeObject, string]> {
  for (const { gateway, name, tls } of Object.values(ir.listeners)) {
    const [namespace = '', set, listener] = name.split('/');
    const [place = '', own = ''] = gateway.split('/');
    const object =
      listener === undefined || set === undefined
        ? snapshot.get('Gateway', place, own)
        : snapshot.get('ListenerSet', namespace, set);
    if (object !== undefined) for (const id of tls?.certificates ?? []) yield [object, id];
  }
  const served = new Set(Object.keys(ir.routes).map((id) => id.split('/').slice(0, 3).join('/')));
  for (const ingress of snapshot.list('Ingress')) {
    const { name, namespace } = ingress.metadata;
    if (!served.has(objectId({ kind: 'Ingress', namespace, name }))) continue;
    for (const { secretName } of ingress.spec.tls ?? [])
      if (secretName !== undefined) yield [ingress, `Secret/${namespace}/${secretName}`];
  }
}

/** What no Gateway or Ingress names, such as the default certificate, is told of its Secret. */
function* unused(ids: Iterable<string>, ir: Ir, snapshot: Snapshot): Iterable<readonly [KubeObject, string]> {
  const used = new Set(usersOf(ir, snapshot).map(([, id]) => id));
  for (const id of ids) {
    const [, namespace = '', name = ''] = id.split('/');
    const secret = used.has(id) ? undefined : snapshot.get('Secret', namespace, name);
    if (secret !== undefined) yield [secret, id];
  }
}

function factsOf({ apiVersion, kind, metadata }: KubeObject, id: string, end: number, isOver: boolean): EventFacts {
  const { namespace, name, uid = '' } = metadata;
  const [, secretNamespace, secretName] = id.split('/');
  const when = new Date(end).toISOString().slice(0, 16).replace('T', ' ');
  return {
    subject: { apiVersion, kind, namespace, name, uid },
    type: 'Warning',
    reason: isOver ? 'CertificateExpired' : 'CertificateExpiring',
    message: `the certificate in Secret ${secretNamespace}/${secretName} ${isOver ? 'expired' : 'expires'} at ${when} UTC; ${isOver ? 'clients refuse it: ' : ''}renew it`,
  };
}
