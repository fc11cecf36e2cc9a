/** One entry of `keys[]` in the status of a GatewayPolicy. */
import type { Mode } from '../api/policies.ts';
import { limit, summarise } from './condition.ts';
import { type CompiledKey, failsClosed } from './policy-level.ts';
import type { KeyTally } from './policy-tally.ts';
import { text } from './rule-text.ts';

export interface KeyStatus {
  /** First, since `kubectl describe` sorts keys and marks no list items. */
  readonly key: string;
  readonly state:
    | 'Enforced'
    | 'PartiallyEnforced'
    | 'Overridden'
    | 'Shadow'
    | 'Disabled'
    | 'FailedClosed'
    | 'LeftOut'
    | 'Unused';
  readonly mode: Mode;
  readonly reason: string;
  readonly message: string;
}

/** @param keptUntil see `PolicyState` */
export function keyStatus(compiled: CompiledKey, tally: KeyTally | undefined, keptUntil: number): KeyStatus {
  const { key, mode, problems, lacks = [] } = compiled;
  const say = (state: KeyStatus['state'], reason: string, message: string): KeyStatus => ({
    key,
    state,
    mode,
    reason,
    message: limit(message),
  });
  const [problem] = problems;
  const elsewhere = tally !== undefined && [...tally.rules.keys()].every((each) => each === 'Overridden');
  // Overridden everywhere it closes nothing, and the first thing to know is who says otherwise.
  if (problem !== undefined && !elsewhere) {
    const closed = mode === 'Enforce' && failsClosed(key);
    const effect = closed ? 'the rules it is for answer 500' : 'the rules it is for are served without it';
    return say(closed ? 'FailedClosed' : 'LeftOut', problem.reason, `${summarise(problems.map(text))}; ${effect}`);
  }
  const [lack] = lacks;
  if (lack !== undefined && !elsewhere) {
    const effect =
      mode === 'Enforce'
        ? 'requests that it would have to decide on answer 503'
        : 'nothing is decided by it until then';
    return say(
      mode === 'Enforce' ? 'FailedClosed' : 'LeftOut',
      lack.reason,
      `${summarise(lacks.map(text))}; ${effect}`,
    );
  }
  if (tally === undefined) return say('Unused', 'NoRoutes', 'it reaches no route');
  const total = [...tally.rules.values()].reduce((sum, n) => sum + n, 0);
  const overridden = tally.rules.get('Overridden') ?? 0;
  const acting = total - overridden;
  const kept = keptUntil > 0 ? ['with its last good value'] : [];
  const replaces = tally.replaces.size > 0 ? [`replaces ${some(tally.replaces)}`] : [];
  const beside = tally.beside.size > 0 ? [besideText(mode, some(tally.beside))] : [];
  const where = acting === 1 ? 'on 1 rule' : `on ${acting} rules`;
  const left = overridden - tally.overridden.length;
  const lost = [...tally.overridden, ...(left > 0 ? [`${left} more rules`] : [])];
  const [why = 'OverriddenBelow'] = tally.why;
  const broken = problems.map(text);
  if (acting === 0) return say('Overridden', why, [`in force nowhere: ${lost.join('; ')}`, ...broken].join('; '));
  const verb = { Enforce: 'in force', Shadow: 'tried', Disabled: 'off' }[mode];
  const message = [`${verb} ${where}`, ...kept, ...replaces, ...beside];
  if (overridden > 0) return say('PartiallyEnforced', why, [...message, `not on ${lost.join('; ')}`].join('; '));
  switch (mode) {
    case 'Shadow':
      return say('Shadow', 'ShadowMode', message.join('; '));
    case 'Disabled':
      return say('Disabled', 'Disabled', message.join('; '));
    case 'Enforce':
      return say('Enforced', beside.length > 0 ? 'Stacked' : 'Enforced', message.join('; '));
    default:
      return mode satisfies never;
  }
}

function besideText(mode: Mode, others: string): string {
  switch (mode) {
    case 'Enforce':
      return `applies together with ${others}`;
    case 'Shadow':
      return `beside ${others}, which is in force`;
    case 'Disabled':
      return `what ${others} says holds, since this key stacks and Disabled is for its own level alone`;
    default:
      return mode satisfies never;
  }
}

function some(names: ReadonlySet<string>): string {
  const all = [...names].sort();
  return all.length <= 3 ? all.join(', ') : `${all.slice(0, 3).join(', ')} and ${all.length - 3} more`;
}
