/** A running gateway, in threads (`supervisor.ts`) or in one (`single.ts`): what cmd/gateway.ts holds. */

export interface Gateway {
  /** Resolves when it has drained and ended; rejects, with a message for the user, when it cannot go on. */
  readonly ended: Promise<void>;
  /**
   * Not ready from now on; ends when nothing runs any more.
   * @param delay ms for which new connections are still accepted
   */
  drain(delay: number): Promise<void>;
  /** The access-log file was moved away. */
  reopenLogs(): void;
}
