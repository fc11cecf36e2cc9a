/** A text on stderr, past the one writer of logs: for the main thread, before that writer runs or after it died. */
import { writeSync } from 'node:fs';

/** Never throws: whoever reads the log may be slow (EAGAIN) or gone (EPIPE), and no line is worth the process. */
export function writeDirectly(text: string): void {
  try {
    writeSync(2, text);
  } catch {
    // There is nobody to tell.
  }
}
