/** A problem as one line of text: `file:line Kind/namespace/name path: message (hint)`. Used by `memory.ts` and `gatewayctl`. */
import { objectId } from '../api/object.ts';
import type { PlacedProblem, Problem } from './problem.ts';
import type { ObjectStatus } from './status.ts';

/** A problem of a translated object in the shape of one of a document; the reason takes the hint's place, the message has it all. */
export function statusProblem(
  ref: ObjectStatus['ref'],
  problem: Problem,
  place: { readonly file: string; readonly line: number } | undefined,
): PlacedProblem {
  return {
    file: place?.file ?? '',
    line: place?.line ?? 0,
    object: objectId(ref),
    path: problem.path,
    message: problem.message,
    hint: problem.reason,
  };
}

/** Parts that are not known are left out. */
export function problemLine({ file, line, object, path, message, hint }: PlacedProblem): string {
  const place = file === '' || line === 0 ? file : `${file}:${line}`;
  const head = [place, object, path].filter((part) => part !== '').join(' ');
  return onOneLine(`${head === '' ? '' : `${head}: `}${message}${hint === '' ? '' : ` (${hint})`}`);
}

/** Names come from files: none may break out of its line or drive a terminal. */
function onOneLine(text: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters are what this is about
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]/g, (c) =>
    JSON.stringify(c).slice(1, -1).replace(c, '\uFFFD'),
  );
}
