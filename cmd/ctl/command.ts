/** What a command of gatewayctl is, and how its arguments are read. */
import { parseArgs } from 'node:util';

export interface Command {
  /** One word, or two: `apikey create`. */
  readonly name: string;
  /** Positional arguments as help shows them: `[DIR] METHOD URL`. The first may be in brackets: left out, it is `''`. */
  readonly positionals: readonly string[];
  readonly summary: string;
  /** Values that `-o` takes, the default first. */
  readonly outputs: readonly string[];
  readonly options: Readonly<Record<string, CommandOption>>;
  /**
   * @param print the answer
   * @param tell what people want to know besides, and programs do not
   * @returns the exit code: 0, or 1 if what was asked about has a problem
   */
  run(args: CommandArgs, print: (text: string) => void, tell: (text: string) => void): Promise<number>;
}

export interface CommandOption {
  readonly short?: string;
  readonly type: 'string' | 'boolean';
  readonly multiple?: boolean;
  /** How help calls the value: `'NAME: VALUE'`. */
  readonly value?: string;
  readonly summary: string;
}

export interface CommandArgs {
  readonly positionals: readonly string[];
  readonly output: string;
  readonly strings: Readonly<Record<string, readonly string[]>>;
  readonly flags: ReadonlySet<string>;
}

/** A mistake in how the command was called; exit code 2. */
export class UsageError extends Error {
  readonly code = 'usage';
}

export function readArgs(command: Command, args: readonly string[]): CommandArgs {
  const { values, positionals } = parse(command, args);
  const missing = command.positionals.length - positionals.length;
  if (missing === 1 && command.positionals[0]?.startsWith('[') === true) positionals.unshift('');
  else if (missing !== 0)
    throw new UsageError(
      `${command.name} takes ${command.positionals.join(' ') || 'no arguments'}, got ${positionals.length} arguments`,
    );
  const output = (values['output'] as string | undefined) ?? command.outputs[0] ?? '';
  if (!command.outputs.includes(output))
    throw new UsageError(`-o ${output}: ${command.name} prints ${command.outputs.join(', ')}`);
  const strings: Record<string, readonly string[]> = {};
  const flags = new Set<string>();
  for (const [name, value] of Object.entries(values)) {
    if (value === true) flags.add(name);
    else strings[name] = Array.isArray(value) ? value.map(String) : [String(value)];
  }
  return { positionals, output, strings, flags };
}

function parse(command: Command, args: readonly string[]): ReturnType<typeof parseArgs> {
  const options = Object.fromEntries(
    Object.entries(command.options).map(([name, { type, short, multiple }]) => [
      name,
      { type, ...(short && { short }), ...(multiple && { multiple }) },
    ]),
  );
  try {
    return parseArgs({
      args: [...args],
      allowPositionals: true,
      options: { ...options, output: { type: 'string', short: 'o' }, help: { type: 'boolean', short: 'h' } },
    });
  } catch (error) {
    throw new UsageError(Error.isError(error) ? error.message : String(error));
  }
}

export function helpOf(command: Command): string {
  const options = Object.entries(command.options).map(([name, option]) => [
    `${option.short === undefined ? '   ' : `-${option.short},`} --${name}${option.value === undefined ? '' : ` ${option.value}`}`,
    option.summary,
  ]);
  const rows = [
    ...options,
    ['-o, --output', `${command.outputs.join(' | ')} (default ${command.outputs[0]})`],
    ['-h, --help', 'This text'],
  ];
  return `gatewayctl ${[command.name, ...command.positionals].join(' ')}\n\n${command.summary}\n\n${columns(rows)}`;
}

/** Rows of cells as text with aligned columns. */
export function columns(rows: readonly (readonly (string | undefined)[])[]): string {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, i) => (widths[i] = Math.max(widths[i] ?? 0, cell?.length ?? 0)));
  const line = (row: readonly (string | undefined)[]): string =>
    row.map((cell, i) => (cell ?? '').padEnd(i === row.length - 1 ? 0 : (widths[i] ?? 0) + 2)).join('');
  return rows.map((row) => `  ${line(row).trimEnd()}\n`).join('');
}
