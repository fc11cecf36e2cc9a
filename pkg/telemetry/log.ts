/** The process log: pino, as JSON or as text for people. Every thread has one; all lines leave the process through the one writer. */
import { pino } from 'pino';

export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  fatal(fields: object, message: string): void;
}

export interface LogOptions {
  readonly level: string;
  readonly format: 'json' | 'text';
  /** `main`, `controller`, `services`, `worker-1`: in every line. */
  readonly thread: string;
  /** Takes one line with its end. */
  readonly write: (line: string) => void;
}

export function createLog({ level, format, thread, write }: LogOptions): Log {
  const stream = { write: format === 'json' ? write : (line: string) => write(textLine(line)) };
  return pino(
    {
      level,
      base: { thread },
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      messageKey: 'message',
    },
    stream,
  );
}

/** `14:02:11 warn  worker ended, replaced in 100 ms (thread=worker-2 reason=…)`. */
export function textLine(json: string): string {
  const { level, time, thread, message, ...rest } = JSON.parse(json) as Record<string, unknown>;
  const fields = Object.entries({ thread, ...rest })
    .filter(([name, value]) => name !== 'thread' || value !== 'main')
    .map(([name, value]) => `${name}=${typeof value === 'string' ? value : JSON.stringify(value)}`);
  const clock = String(time).slice(11, 19);
  return `${clock} ${String(level).padEnd(5)} ${String(message)}${fields.length === 0 ? '' : ` (${fields.join(' ')})`}\n`;
}
