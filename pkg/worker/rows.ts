/** The counters of the living workers and what their slots stand for, as the main thread keeps them for a services thread that starts anew. */
import type { SlotLabels, WorkerMemory } from '../telemetry/row.ts';
import type { ToServices } from './protocol.ts';

export interface Rows {
  open(worker: string, memory: WorkerMemory): void;
  label(worker: string, labels: readonly SlotLabels[]): void;
  end(worker: string): void;
  /** Everything told so far, for one who knows nothing. */
  messages(): readonly ToServices[];
}

export function createRows(): Rows {
  const rows = new Map<string, { readonly memory: WorkerMemory; readonly labels: Map<string, SlotLabels> }>();
  return {
    open: (worker, memory) => void rows.set(worker, { memory, labels: new Map() }),
    label(worker, labels) {
      const known = rows.get(worker)?.labels;
      for (const entry of labels) known?.set(`${entry.family} ${entry.slot}`, entry);
    },
    end: (worker) => void rows.delete(worker),
    messages: () =>
      [...rows].flatMap(([worker, { memory, labels }]): ToServices[] => [
        { kind: 'open', worker, memory },
        { kind: 'labels', worker, labels: [...labels.values()] },
      ]),
  };
}
