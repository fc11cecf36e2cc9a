#!/usr/bin/env node
/** gatewayctl: looks at manifests or at a cluster the way the gateway does, without serving anything. */
import { apiKeyCommands } from './ctl/apikey.ts';
import { type Command, columns, helpOf, readArgs, UsageError } from './ctl/command.ts';
import { crds } from './ctl/crds.ts';
import { route } from './ctl/route.ts';
import { sign } from './ctl/sign.ts';
import { status } from './ctl/status.ts';
import { supportBundle } from './ctl/support-bundle.ts';
import { translate } from './ctl/translate.ts';
import { validate } from './ctl/validate.ts';

const commands: readonly Command[] = [validate, status, translate, route, crds, sign, supportBundle, ...apiKeyCommands];

const ExitUsage = 2;

async function main(args: readonly string[]): Promise<number> {
  const words = commands.some(({ name }) => name === args.slice(0, 2).join(' ')) ? 2 : 1;
  const name = args.slice(0, words).join(' ');
  const rest = args.slice(words);
  const command = commands.find((candidate) => candidate.name === name);
  if (command === undefined) {
    const help = name === '--help' || name === '-h' || name === 'help';
    (help ? process.stdout : process.stderr).write(help ? usage() : `gatewayctl: no command "${name}"\n\n${usage()}`);
    return help ? 0 : ExitUsage;
  }
  if (rest.includes('--help') || rest.includes('-h')) {
    process.stdout.write(helpOf(command));
    return 0;
  }
  try {
    return await command.run(
      readArgs(command, rest),
      (text) => void process.stdout.write(text),
      (text) => void process.stderr.write(text),
    );
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`gatewayctl ${name}: ${error.message}\nSee gatewayctl ${name} --help\n`);
    return ExitUsage;
  }
}

function usage(): string {
  return `gatewayctl COMMAND …\n\n${columns(commands.map((command) => [[command.name, ...command.positionals].join(' '), command.summary]))}
Exit codes: 0 all is well, 1 a problem was found, 2 wrong usage. Each command knows --help and -o json.
Without DIR a command asks the cluster of your kubeconfig (--context, -n, -A).\n`;
}

process.exitCode = await main(process.argv.slice(2));
