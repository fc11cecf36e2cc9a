/** `gatewayctl validate`: every problem of a directory or a cluster with its place. */
import { problemLine } from '../../pkg/status/line.ts';
import type { Command } from './command.ts';
import { isTold, load } from './load.ts';
import { placeOf, placeOptions } from './place.ts';

export const validate: Command = {
  name: 'validate',
  positionals: ['[DIR]'],
  summary: 'Print every problem of the manifests in DIR, or of the objects of a cluster; exit code 1 if there is one.',
  outputs: ['text', 'json'],
  options: placeOptions,
  async run(args, print) {
    const { scope, ...loaded } = await load(placeOf(args, args.positionals[0] ?? ''));
    const problems = loaded.problems.filter((problem) => isTold(problem, scope));
    if (args.output === 'json') print(`${JSON.stringify({ problems }, null, 2)}\n`);
    else for (const problem of problems) print(`${problemLine(problem)}\n`);
    if (args.output === 'text' && problems.length === 0) print(`No problems${scope.text}.\n`);
    return problems.length > 0 ? 1 : 0;
  },
};
