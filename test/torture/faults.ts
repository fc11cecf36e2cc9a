/** The ways in which an origin fails, and what its failure may cost. Played by `scenarios/origin-faults.ts`. */
import type { Origin } from './origin.ts';

export interface Fault {
  readonly name: string;
  readonly begin: (origin: Origin) => Promise<void>;
  readonly heal: (origin: Origin) => Promise<void>;
  /** The error that what is lost must get. */
  readonly code: string;
  /** Answers may break off. */
  readonly cuts?: true;
  /** Only what was under way when it began may be lost: afterwards no connection is made. */
  readonly refuses?: true;
}

export const serve = (origin: Origin): Promise<void> => origin.behave('serve', 2);

export const faults: readonly Fault[] = [
  {
    name: 'killed',
    begin: (origin) => origin.end(),
    heal: async (origin) => {
      await origin.start();
      await serve(origin);
    },
    code: 'upstream-reset',
    cuts: true,
    refuses: true,
  },
  {
    name: 'paused',
    begin: async (origin) => origin.pause(),
    heal: async (origin) => origin.resume(),
    code: 'upstream-timeout',
  },
  { name: 'reset at accept', begin: (origin) => origin.behave('reset-accept'), heal: serve, code: 'upstream-reset' },
  { name: 'reset at request', begin: (origin) => origin.behave('reset-request'), heal: serve, code: 'upstream-reset' },
  {
    name: 'reset in answer',
    begin: (origin) => origin.behave('reset-answer'),
    heal: serve,
    code: 'upstream-reset',
    cuts: true,
  },
  { name: 'silent', begin: (origin) => origin.behave('hang'), heal: serve, code: 'upstream-timeout' },
  { name: 'half-open', begin: (origin) => origin.behave('finish'), heal: serve, code: 'upstream-reset' },
  { name: 'garbage', begin: (origin) => origin.behave('garbage'), heal: serve, code: 'upstream-invalid' },
];
