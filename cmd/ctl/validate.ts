/** `gatewayctl validate`: every problem of a directory with its place. */
import { problemLine } from '../../pkg/status/line.ts';
import type { Command } from './command.ts';
import { load } from './load.ts';

export const validate: Command = {
  name: 'validate',
  positionals: ['DIR'],
  summary: 'Print every problem of the manifests in DIR with its place; exit code 1 if there is one.',
  outputs: ['text', 'json'],
  options: {},
  async run({ positionals: [directory = ''], output }, print) {
    const { problems } = await load(directory);
    if (output === 'json') print(`${JSON.stringify({ problems }, null, 2)}\n`);
    else for (const problem of problems) print(`${problemLine(problem)}\n`);
    if (output === 'text' && problems.length === 0) print('No problems.\n');
    return problems.length > 0 ? 1 : 0;
  },
};
