/** What must come of a request stream when the whole gateway has it, given how our codec reads it. Used by the sampled parts. */

import type { Buffer } from 'node:buffer';
import type { Gateway, Seen } from './gateway.ts';
import type { Frame } from './reading.ts';
import type { OurReading } from './request-codec.ts';

/** Sends `pieces`, which `ours` is the reading of. */
export function sendThrough(gateway: Gateway, pieces: readonly Buffer[], ours: OurReading): Promise<Seen> {
  const methods = ours.frames.map(({ start }) => methodOf(start));
  const whole = ours.frames.filter(({ complete }) => complete).length;
  return gateway.send(pieces, methods, whole + (isRefused(ours) ? 1 : 0));
}

/** @returns what went otherwise than our reading says, or null */
export function checkThrough(ours: OurReading, { answers, forwarded, stop }: Seen): string | null {
  const whole = ours.frames.filter(({ complete, start }) => complete && !isOwn(start));
  if (forwarded.length !== whole.length)
    return `${whole.length} requests were accepted and ${forwarded.length} came to the backend (${stop}, ${answers.length} answers)`;
  for (const [i, frame] of whole.entries()) {
    const sent = forwarded[i]!;
    if (methodOf(sent.start) !== methodOf(frame.start)) return `${frame.start} came as ${sent.start}`;
    if (sent.body !== frame.body) return `body ${JSON.stringify(frame.body)} came as ${JSON.stringify(sent.body)}`;
  }
  const ids = answers.filter(({ id }) => id !== '').map(({ id }) => id);
  if (ids.some((id, i) => id !== forwarded[i]!.id)) return `the answers are of other requests: ${ids.join(' ')}`;
  if (stop !== 'open' && stop !== 'end' && stop !== 'reset') return stop;
  const last = answers.at(-1);
  if (!isRefused(ours)) {
    const due = ours.frames.filter(({ complete }) => complete).length;
    // Its own answer to OPTIONS * waits for no body.
    const most = ours.frames.some(({ complete, start }) => !complete && isOwn(start)) ? due + 1 : due;
    return answers.length >= due && answers.length <= most ? null : `${answers.length} answers (${stop})`;
  }
  // Behind what it refuses the connection ends, with an answer where none had begun; it may end before, behind an OPTIONS * whose body it did not ask for.
  const end = ours.frames.at(-1);
  if (last === undefined || last.id !== '' || ours.stop === 'bad-body' || (end !== undefined && isOwn(end.start)))
    return null;
  return Number(last.status) >= 400 ? null : `it is answered ${last.status}`;
}

function isRefused({ stop }: OurReading): boolean {
  return stop !== 'end' && stop !== 'closed' && stop !== 'more';
}

/** Answered by the gateway itself: `OPTIONS *`, and the absolute form of it (RFC 9112 3.2.4). */
function isOwn(start: Frame['start']): boolean {
  return /^OPTIONS (?:\*|https?:\/\/[^/?]*)$/i.test(start);
}

function methodOf(start: string): string {
  return start.slice(0, start.indexOf(' '));
}
