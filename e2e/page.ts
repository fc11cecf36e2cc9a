/** Pages of docs/ that show what kubectl prints: the commands that stand there, what is below them, and what a cluster prints instead. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kubectl } from './kubectl.ts';
import { until } from './until.ts';

export interface Page {
  readonly commands: readonly string[];
  /**
   * Waits until a command prints what the page shows below it. With UPDATE=1 the page is written instead.
   * @returns both, as far as they have to be the same
   */
  compare(command: string): Promise<{ readonly printed: string; readonly shown: string }>;
}

/**
 * @param file in docs/
 * @param namespace for commands that name none with `-n`
 * @param prefix of names in the cluster that pages do not show
 */
export function openPage(file: string, namespace: string, prefix = ''): Page {
  const path = join(import.meta.dirname, '../docs', file);
  const read = (): string => readFileSync(path, 'utf8');
  const blockOf = (command: string): string => {
    const text = read();
    const start = text.indexOf(`$ ${command}\n`) + command.length + 3;
    return text.slice(start, text.indexOf('```', start));
  };
  const print = async (command: string): Promise<string> => {
    const args = command
      .replace(/ -n (\S+)/, ` -n ${prefix}$1`)
      .split(' ')
      .slice(1);
    const text = await kubectl(args.includes('-n') ? args : [...args, '-n', namespace]);
    return withoutChance(
      args[0] === 'describe' ? text.slice(Math.max(0, text.search(/^(Status|Address):/m))) : text,
      prefix,
    );
  };
  return {
    commands: [...read().matchAll(/^\$ (kubectl .*)$/gm)].map(([, command = '']) => command),
    async compare(command) {
      const shown = blockOf(command);
      let printed = await print(command);
      if (process.env['UPDATE'] === '1') {
        // Statuses and events come a moment later.
        const settled = async () => printed === (printed = await print(command)) && !printed.includes('<unknown>');
        await until('the cluster has settled', settled, 15);
        writeFileSync(
          path,
          read().replace(`$ ${command}\n${shown}`, () => `$ ${command}\n${printed}`),
        );
        return { printed, shown: printed };
      }
      const settled = async () => even((printed = await print(command))) === even(shown);
      await until('kubectl prints what the page shows', settled, 40).catch(() => undefined);
      return { printed: even(printed), shown: even(shown) };
    },
  };
}

/** Times of now and addresses are replaced by such of the same width; events of good news come as they come. */
function withoutChance(text: string, prefix: string): string {
  return text
    .replaceAll(prefix, '')
    .replace(/20[2-8]\d-\d\d-\d\dT\d\d:\d\d:\d\dZ/g, '2026-11-25T13:00:00Z')
    .replace(/\b10\.98\.0\.\d+ ?/g, (address) => '192.0.2.7'.padEnd(address.length))
    .replace(/\d+[smh](\d+s)?(?: \(x\d+ over \d+[smh](\d+s)?\))?(?=\s|$)/g, (age) => '5m'.padEnd(age.length))
    .replace(/^ {2}Normal .*\n/gm, '')
    .replace(/^Events: +<none>\n|^Events:\n.*\n[ -]*\n(?! )/gm, '')
    .replace(/[ \t]+$/gm, '');
}

/** Columns are as wide as their cells, which differ in what was replaced. */
function even(text: string): string {
  return text.replace(/ {2,}/g, '  ').replace(/-{2,}/g, '--').trim();
}
