/** Exit codes of the gateway: part of its interface, so they never change their meaning. */

export const ExitCode = {
  /** Ended in order: drained, or the drain's time was up. */
  ok: 0,
  /** Could not start (an admin address in use, an unreadable directory), or broke. */
  failure: 1,
  /** A flag, variable or file key is unknown or has a bad value. */
  usage: 2,
  /** A second SIGINT: ended at once, 128 + the signal's number. */
  interrupted: 130,
  /** A second SIGTERM. */
  terminated: 143,
} as const;

export const exitCodeMeanings: Readonly<Record<keyof typeof ExitCode, string>> = {
  ok: 'ended in order: drained, or the time for it was up',
  failure: 'could not start, or broke; the reason is the last line on stderr',
  usage: 'an option is unknown or has a bad value',
  interrupted: 'a second SIGINT ended it at once',
  terminated: 'a second SIGTERM ended it at once',
};
