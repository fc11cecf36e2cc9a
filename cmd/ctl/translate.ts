/** `gatewayctl translate`: what the gateway makes of a directory or a cluster: its IR, or each object with the status it would have. */
import { stringify } from 'yaml';
import { redacted } from '../../pkg/admin/views.ts';
import { KINDS, type Kind } from '../../pkg/api/kinds.ts';
import { type KubeObject, objectId } from '../../pkg/api/object.ts';
import { describeObject } from '../../pkg/status/describe.ts';
import { stampStatus } from '../../pkg/status/stamp.ts';
import type { ObjectStatus } from '../../pkg/status/status.ts';
import type { Snapshot } from '../../pkg/store/snapshot.ts';
import type { Command } from './command.ts';
import { type Loaded, load } from './load.ts';
import { placeOf, placeOptions } from './place.ts';

export const translate: Command = {
  name: 'translate',
  positionals: ['[DIR]'],
  summary: 'Print what the gateway makes of the manifests in DIR, or of the objects of a cluster.',
  outputs: ['describe', 'yaml', 'ir', 'json'],
  options: { ...placeOptions, keys: { type: 'boolean', summary: 'Leave private keys in the IR' } },
  async run(args, print) {
    const loaded = await load(placeOf(args, args.positionals[0] ?? ''));
    print(render(loaded, args.output, args.flags.has('keys')));
    return 0;
  },
};

function render({ snapshot, statuses, ir, scope }: Loaded, output: string, keys: boolean): string {
  const shown = keys ? ir : redacted(ir);
  if (output === 'ir') return `${JSON.stringify(shown, null, 2)}\n`;
  const objects = withStatus(snapshot, statuses).filter(({ object }) => scope.includes(object.metadata.namespace));
  if (output === 'describe') return objects.map(({ object, status }) => describeObject(object, status)).join('\n\n');
  const whole = objects.map(({ object, status }) => ({ ...object, ...(status && { status: status.status }) }));
  if (output === 'json') return `${JSON.stringify({ objects: whole, ir: shown }, null, 2)}\n`;
  return whole.map((object) => stringify(object, { version: '1.1', lineWidth: 0 })).join('---\n');
}

interface Described {
  readonly object: KubeObject;
  readonly status: ObjectStatus | undefined;
}

/** Objects that have a status, with the time it would have been written. */
function withStatus(snapshot: Snapshot, statuses: readonly ObjectStatus[]): Described[] {
  const now = `${new Date().toISOString().slice(0, 19)}Z`;
  const byId = new Map(statuses.map((status) => [objectId(status.ref), status]));
  const objects = (Object.keys(KINDS) as Kind[]).flatMap((kind): readonly KubeObject[] => snapshot.list(kind));
  return objects.flatMap((object) => {
    const { kind, metadata } = object;
    const status = byId.get(objectId({ kind, namespace: metadata.namespace, name: metadata.name }));
    if (status === undefined) return [];
    return [{ object, status: { ...status, status: stampStatus(status.status, undefined, now) } }];
  });
}
