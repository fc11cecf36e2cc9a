/** `gatewayctl status`: every object with a problem, what is wrong, and what to do about it. */
import { objectId } from '../../pkg/api/object.ts';
import { conditionsOf } from '../../pkg/status/conditions.ts';
import { problemLine } from '../../pkg/status/line.ts';
import type { PlacedProblem } from '../../pkg/status/problem.ts';
import type { ObjectStatus } from '../../pkg/status/status.ts';
import { type Command, columns } from './command.ts';
import { isTold, type Loaded, load } from './load.ts';
import { placeOf, placeOptions, type Scope } from './place.ts';

export const status: Command = {
  name: 'status',
  positionals: ['[DIR]'],
  summary: 'Print every object that has a problem, with the fix; exit code 1 if there is one.',
  outputs: ['text', 'json'],
  options: placeOptions,
  async run(args, print) {
    const report = reportOf(await load(placeOf(args, args.positionals[0] ?? '')));
    print(args.output === 'json' ? `${JSON.stringify(report, null, 2)}\n` : render(report));
    return report.objects.length > 0 ? 1 : 0;
  },
};

interface Report {
  /** Objects that have a status or a problem. */
  readonly looked: number;
  readonly namespace: string;
  readonly objects: readonly {
    /** `Kind/namespace/name` */
    readonly object: string;
    /** Of the object and of its parents, the False ones: `Accepted False`. */
    readonly conditions: readonly string[];
    readonly problems: readonly Told[];
  }[];
}

interface Told {
  readonly file: string;
  readonly line: number;
  readonly path: string;
  /** CamelCase; `''` of an object that could not be read. */
  readonly reason: string;
  readonly message: string;
  readonly fix: string;
}

function reportOf({ statuses, problems, scope }: Loaded): Report {
  const told = Map.groupBy(
    problems.filter((problem) => isTold(problem, scope)),
    ({ object, file }) => (object === '' ? file : object),
  );
  const byId = new Map(statuses.map((each) => [objectId(each.ref), each]));
  const looked = new Set([...inScope(statuses, scope), ...told.keys()]).size;
  const objects = [...told].map(([object, ofObject]) => {
    const known = byId.get(object);
    const ofStatus = new Set(known?.problems.map(({ path, message }) => `${path} ${message}`));
    return {
      object,
      conditions: known === undefined ? ['not read'] : failing(known),
      problems: ofObject.map((problem) => toldOf(problem, ofStatus.has(`${problem.path} ${problem.message}`))),
    };
  });
  return { looked, namespace: scope.namespace, objects: objects.toSorted((a, b) => (a.object < b.object ? -1 : 1)) };
}

function inScope(statuses: readonly ObjectStatus[], scope: Scope): readonly string[] {
  return statuses.filter(({ ref }) => scope.includes(ref.namespace)).map(({ ref }) => objectId(ref));
}

/** Messages of statuses end with what to do, behind the last semicolon; a source has it apart. */
function toldOf({ file, line, path, message, hint }: PlacedProblem, ofStatus: boolean): Told {
  if (!ofStatus) return { file, line, path, reason: '', message, fix: hint };
  const cut = message.lastIndexOf('; ');
  return {
    file,
    line,
    path,
    reason: hint,
    message: cut < 0 ? message : message.slice(0, cut),
    fix: cut < 0 ? '' : message.slice(cut + 2),
  };
}

function failing({ status: value }: ObjectStatus): readonly string[] {
  const all = conditionsOf(value).map(([, condition]) => condition);
  // An Ingress has none.
  if (all.length === 0) return [];
  const words = all
    .filter(({ type, status: state }) => state === 'False' && type !== 'Conflicted')
    .map(({ type, status: state }) => `${type} ${state}`);
  return words.length === 0 ? ['served'] : [...new Set(words)];
}

function render({ looked, namespace, objects }: Report): string {
  const where = namespace === '' ? '' : ` in namespace ${namespace}`;
  if (objects.length === 0) return `${looked} objects${where}, no problems.\n`;
  const blocks = objects.map(({ object, conditions, problems }) => {
    const rows = problems.flatMap((told) => [
      [told.path || '-', oneLine(`${told.reason === '' ? '' : `${told.reason}: `}${told.message}`)],
      ...(told.fix === '' ? [] : [['', `fix: ${oneLine(told.fix)}`]]),
    ]);
    return `${oneLine(object)}${conditions.length === 0 ? '' : `  ${conditions.join(', ')}`}\n${columns(rows)}`;
  });
  return `${blocks.join('\n')}\n${objects.length} of ${looked} objects${where} have a problem.\n`;
}

/** Names come from users: none may break out of its line. */
function oneLine(text: string): string {
  return problemLine({ file: '', line: 0, object: '', path: '', message: text, hint: '' });
}
