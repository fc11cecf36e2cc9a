/** What users of a cluster are told besides statuses: Events, and something about objects that are not valid. Used by `cluster.ts`. */
import type { Ir } from '../ir/ir.ts';
import type { KubeApi, KubeError } from '../kube/api.ts';
import { type EventFacts, EventRecorder } from '../kube/events.ts';
import type { Leadership } from '../kube/lease.ts';
import { createEventful } from '../status/eventful.ts';
import { watchExpiry } from '../status/expiry.ts';
import { heldEvents } from '../status/held.ts';
import { withRefused } from '../status/refused.ts';
import type { StatusSink } from '../status/sink.ts';
import type { StatusWriter } from '../status/writer.ts';
import type { Clock } from '../store/clock.ts';
import type { Snapshot } from '../store/snapshot.ts';
import { ControllerName, IngressControllerName } from '../translate/names.ts';

export interface NewsParts {
  readonly api: KubeApi;
  readonly leadership: Leadership;
  /** Where statuses are written. */
  readonly writer: StatusWriter;
  /** What was translated last. */
  readonly snapshot: () => Snapshot | undefined;
  /** Name of this pod. */
  readonly instance: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly now: () => Date;
  readonly onError: (error: KubeError) => void;
}

export interface News {
  /** Before the writer, and before whoever tells of them. */
  readonly statusSink: StatusSink;
  /** What is translated now: certificates expire without any change. */
  look(ir: Ir, snapshot: Snapshot): void;
  /** Objects that vanished all at once, by kind, are kept for `hold` ms. */
  tellHeld(held: ReadonlyMap<string, number>, hold: number): void;
  /** Events that found no room. */
  readonly dropped: number;
  close(): void;
}

export function tellNews({
  api,
  leadership,
  writer,
  snapshot,
  instance,
  clock,
  random,
  now,
  onError,
}: NewsParts): News {
  const recorder = new EventRecorder({
    api,
    instance,
    clock,
    random,
    now,
    onError,
    // A status is what tools wait for; an Event only tells of it.
    urgent: () => writer.figures.writing > 0,
  });
  const eventful = createEventful({
    record: (facts) => recorder.record(facts),
    leadership,
    objectOf: (ref) => statusSink.objectOf(ref),
    clock,
    now,
  });
  const record = (facts: EventFacts) => recorder.record(facts);
  const expiry = watchExpiry({ record, leadership, clock, now });
  const names = { controller: ControllerName, ingressController: IngressControllerName };
  const statusSink = withRefused([writer, eventful], snapshot, names);
  return {
    statusSink,
    get dropped() {
      return recorder.dropped;
    },
    look: (ir, snapshot) => expiry.look(ir, snapshot),
    tellHeld(held, hold) {
      if (!leadership.leading()) return;
      const facts = heldEvents({ held, hold, snapshot: snapshot(), controllerName: ControllerName });
      for (const each of facts) record(each);
    },
    close() {
      expiry.close();
      eventful.close();
      recorder.close();
    },
  };
}
