/** Collects the labels of metric slots that are taken in one turn into one message. */
import type { SlotLabels } from '../telemetry/row.ts';

export interface Announcer {
  readonly add: (labels: SlotLabels) => void;
}

export function createAnnouncer(post: (labels: readonly SlotLabels[]) => void): Announcer {
  let batch: SlotLabels[] = [];
  const flush = () => {
    const labels = batch;
    batch = [];
    post(labels);
  };
  return {
    add(labels) {
      if (batch.push(labels) === 1) setImmediate(flush);
    },
  };
}
