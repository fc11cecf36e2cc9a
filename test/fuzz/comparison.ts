/** Our reading of an input beside an oracle's: the one property of the differential parts. */
import type { Reading } from './reading.ts';

export type Verdict =
  /** Nothing that we accept is read differently. */
  | { readonly kind: 'agreed' }
  /** They refuse a message that we accept. */
  | { readonly kind: 'refused'; readonly reason: string; readonly index: number }
  /** Both accept, and a message begins, ends or says something else. */
  | { readonly kind: 'different'; readonly what: string };

const agreed: Verdict = { kind: 'agreed' };
const waiting = new Set(['end', 'more', 'closed', 'upgrade']);

export function compare(ours: Reading, theirs: Reading): Verdict {
  if (ours.stop.startsWith('threw')) return different(ours.stop);
  const refused = !waiting.has(theirs.stop);
  for (const [i, our] of ours.frames.entries()) {
    const their = theirs.frames[i];
    if (their === undefined) {
      // We refuse its body, so that nobody acts on it as a whole.
      if (ours.stop === 'bad-body' && !our.complete) return agreed;
      if (refused) return { kind: 'refused', reason: theirs.stop, index: i };
      return different(`they do not see message ${i + 1}`);
    }
    if (their.start !== our.start) return different(`${our.start} is ${their.start} to them`);
    if (their.fields !== null && their.fields !== our.fields)
      return different(`fields ${JSON.stringify(our.fields)} are ${JSON.stringify(their.fields)} to them`);
    if (our.complete !== their.complete) {
      if (our.complete && refused) return { kind: 'refused', reason: theirs.stop, index: i };
      if (our.complete) return different(`message ${i + 1} is complete to us, not to them`);
      if (ours.stop === 'more') return different(`message ${i + 1} is complete to them, not to us`);
      return agreed;
    }
    if (their.body !== null && !sameBody(our.body ?? '', their.body, our.complete))
      return different(`body ${JSON.stringify(our.body)} is ${JSON.stringify(their.body)} to them`);
  }
  if (ours.stop !== 'end' && ours.stop !== 'more') return agreed;
  if (theirs.frames.length > ours.frames.length) return different(`they see ${theirs.frames.length} messages`);
  if (ours.stop === 'end' && theirs.stop === 'more') return different('they wait for more');
  return agreed;
}

/** Whether we take all of it, and all messages are whole. */
export function isAccepted({ frames, stop }: Reading): boolean {
  return frames.length > 0 && (stop === 'end' || stop === 'closed');
}

// Of a message that breaks off, one reader may have handed on more than the other.
function sameBody(our: string, their: string, complete: boolean): boolean {
  return complete ? our === their : our.startsWith(their) || their.startsWith(our);
}

function different(what: string): Verdict {
  return { kind: 'different', what };
}
