/** The scenarios, in the order in which `make torture` plays them. */
import type { Scenario } from './scenario.ts';
import { accessLogBlocked } from './scenarios/access-log-blocked.ts';
import { certificateRotation } from './scenarios/certificate-rotation.ts';
import { chaos } from './scenarios/chaos.ts';
import { diskFull } from './scenarios/disk-full.ts';
import { drain } from './scenarios/drain.ts';
import { editStorm } from './scenarios/edit-storm.ts';
import { endpointChurn } from './scenarios/endpoint-churn.ts';
import { largeUpload } from './scenarios/large-upload.ts';
import { memory } from './scenarios/memory.ts';
import { originFaults } from './scenarios/origin-faults.ts';
import { reload } from './scenarios/reload.ts';
import { workerEnds } from './scenarios/worker-ends.ts';

export const scenarios: readonly Scenario[] = [
  editStorm,
  workerEnds,
  endpointChurn,
  originFaults,
  chaos,
  certificateRotation,
  drain,
  accessLogBlocked,
  diskFull,
  reload,
  largeUpload,
  memory,
];
