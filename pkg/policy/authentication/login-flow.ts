/** Logins under way in one browser: state, nonce and PKCE verifier, kept in one encrypted cookie. */
import { hash, randomBytes } from 'node:crypto';

export interface Flow {
  readonly state: string;
  readonly nonce: string;
  /** RFC 7636 4.1. */
  readonly verifier: string;
  readonly returnTo: string;
  /** Seconds since the epoch. */
  readonly startedAt: number;
}

export interface Flows {
  readonly open: readonly Flow[];
  /** When logins succeeded lately, in seconds since the epoch. */
  readonly completed: readonly number[];
}

export const noFlows: Flows = { open: [], completed: [] };

/** Seconds that a login may take. */
export const FLOW_AGE = 600;
/** Tabs that log in at once; the oldest is given up. */
const MAX_OPEN = 3;
/** So many successful logins within so many seconds: the browser does not keep the session. */
const LOOP_LOGINS = 4;
const LOOP_SECONDS = 30;

export function beginFlow(flows: Flows, returnTo: string, now: number): { readonly flow: Flow; readonly flows: Flows } {
  const flow = { state: random(), nonce: random(), verifier: random(), returnTo, startedAt: now };
  const open = flows.open.filter((one) => isOpen(one, now)).slice(-(MAX_OPEN - 1));
  return { flow, flows: { ...flows, open: [...open, flow] } };
}

export function findFlow(flows: Flows, state: string, now: number): Flow | undefined {
  return flows.open.find((flow) => flow.state === state && isOpen(flow, now));
}

/** A state is good for one answer. */
export function withoutFlow(flows: Flows, { state }: Flow): Flows {
  return { ...flows, open: flows.open.filter((flow) => flow.state !== state) };
}

export function completeFlow(flows: Flows, flow: Flow, now: number): Flows {
  const completed = flows.completed.filter((time) => now - time < LOOP_SECONDS);
  return { ...withoutFlow(flows, flow), completed: [...completed, now] };
}

/** Whether to log in again would go round in circles. */
export function isLoop({ completed }: Flows, now: number): boolean {
  return completed.filter((time) => now - time < LOOP_SECONDS).length >= LOOP_LOGINS;
}

/** RFC 7636 4.2, S256. */
export function challengeOf({ verifier }: Flow): string {
  return hash('sha256', verifier, 'base64url');
}

function isOpen({ startedAt }: Flow, now: number): boolean {
  return now - startedAt < FLOW_AGE;
}

function random(): string {
  return randomBytes(32).toString('base64url');
}
