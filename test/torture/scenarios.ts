/** The scenarios, in the order in which `make torture` plays them. */
import type { Scenario } from './scenario.ts';
import { editStorm } from './scenarios/edit-storm.ts';
import { workerEnds } from './scenarios/worker-ends.ts';

export const scenarios: readonly Scenario[] = [editStorm, workerEnds];
