/** Every scenario, in the order in which they run. */
import { get1m } from './1m.ts';
import { get10k } from './10k.ts';
import { churn } from './churn.ts';
import { connectionPerRequest } from './connection-per-request.ts';
import { floor } from './floor.ts';
import { idle } from './idle.ts';
import { latency } from './latency.ts';
import { policies } from './policies.ts';
import { post10k } from './post10k.ts';
import { scale } from './scale.ts';
import type { Scenario } from './scenario.ts';
import { small } from './small.ts';
import { smallWrk } from './small-wrk.ts';
import { tls } from './tls.ts';
import { tlsHandshake } from './tls-handshake.ts';
import { undici } from './undici.ts';

export const scenarios: readonly Scenario[] = [
  small,
  smallWrk,
  floor,
  get10k,
  post10k,
  get1m,
  tls,
  tlsHandshake,
  connectionPerRequest,
  latency,
  idle,
  scale,
  policies,
  undici,
  churn,
];
