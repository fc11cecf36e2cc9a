/** The counters of the living workers and what their slots stand for, as the main thread keeps them for a services thread that starts anew. */
import type { SlotLabels } from '../telemetry/row.ts';
import type { ToServices } from './protocol.ts';

export interface Rows {
  open(worker: string, row: SharedArrayBuffer): void;
  label(worker: string, labels: readonly SlotLabels[]): void;
  end(worker: string): void;
  /** Everything told so far, for one who knows nothing. */
  messages(): readonly ToServices[];
}

export function createRows(): Rows {
  const rows = new Map<string, { readonly row: SharedArrayBuffer; readonly labels: Map<string, SlotLabels> }>();
  return {
    open: (worker, row) => void rows.set(worker, { row, labels: new Map() }),
    label(worker, labels) {
      const known = rows.get(worker)?.labels;
      for (const entry of labels) known?.set(`${entry.family} ${entry.slot}`, entry);
    },
    end: (worker) => void rows.delete(worker),
    messages: () =>
      [...rows].flatMap(([worker, { row, labels }]): ToServices[] => [
        { kind: 'open', worker, row },
        { kind: 'labels', worker, labels: [...labels.values()] },
      ]),
  };
}
