/** The parts of the fuzzer by name, with the share of inputs and of time each takes of a run. */
import { fuzzChunking } from './chunking-part.ts';
import type { Nginx } from './nginx.ts';
import { fuzzObjects } from './objects-part.ts';
import type { Outcome, Plan } from './part.ts';
import { fuzzRequests } from './requests-part.ts';
import { fuzzResponses } from './responses-part.ts';

export interface Part {
  readonly name: string;
  /** Of COUNT. */
  readonly inputs: number;
  /** Of SECONDS. */
  readonly time: number;
  readonly run: (plan: Plan, nginx: Nginx | null) => Promise<Outcome>;
}

export const parts: readonly Part[] = [
  { name: 'requests', inputs: 0.5, time: 0.3, run: fuzzRequests },
  { name: 'responses', inputs: 0.25, time: 0.25, run: fuzzResponses },
  { name: 'chunking', inputs: 0.15, time: 0.25, run: fuzzChunking },
  { name: 'objects', inputs: 0.08, time: 0.25, run: fuzzObjects },
];
