/** Part `objects`: mutated manifests through validation and translation. Nothing is thrown, no sibling changes, every refusal says why. */
import { type KubeObject, objectId, refOf } from '../../pkg/api/object.ts';
import { validateObject } from '../../pkg/api/validate.ts';
import type { Ir } from '../../pkg/ir/ir.ts';
import type { Store } from '../../pkg/store/store.ts';
import { storeOf } from '../../pkg/testkit/golden.ts';
import { Memo } from '../../pkg/translate/memo.ts';
import { translate } from '../../pkg/translate/translate.ts';
import type { Translation } from '../../pkg/translate/translation.ts';
import { Ledger } from './ledger.ts';
import { donorsOf, type ObjectCase, readCases } from './object-cases.ts';
import { mutateObject } from './object-mutation.ts';
import type { Outcome, Plan } from './part.ts';
import { Random } from './random.ts';
import { changedSibling } from './siblings.ts';

const part = 'objects';
/** One translation of so many is compared with one that uses a memo. */
const MemoSample = 20;

export async function fuzzObjects(plan: Plan): Promise<Outcome> {
  const begun = performance.now();
  const cases = readCases().map((each) => new Stage(each));
  const donors = donorsOf(cases.map(({ case: each }) => each));
  const ledger = new Ledger(part);
  const { tally } = ledger;
  let index = 0;
  for (; index < plan.count && performance.now() < plan.deadline && !ledger.full; index++) {
    const random = new Random(plan.seed, part, index);
    const stage = random.pick(cases);
    const at = random.below(stage.case.raw.length);
    const raw = structuredClone(stage.case.raw[at]!);
    mutateObject(raw, random, donors);
    const said = check(stage, at, raw, index % MemoSample === 0);
    if (said.kind !== 'wrong') tally.add(said.kind);
    else {
      const input = JSON.stringify(raw);
      ledger.fail('wrong', index, `${stage.case.name} object ${at}: ${said.what}`, input, async (text) => {
        const smaller = parse(text);
        const again = smaller === null ? null : check(stage, at, smaller, true);
        return again?.kind === 'wrong' ? again.what : null;
      });
    }
    if (index % 256 !== 255) continue;
    await new Promise<void>((resolve) => void setImmediate(resolve));
    plan.progress(`${index + 1} objects, ${tally.of('accepted')} accepted, ${ledger.failures.length} failures`);
  }
  return {
    part,
    inputs: index,
    seconds: (performance.now() - begun) / 1_000,
    counts: [
      ['manifests begun with', cases.reduce((sum, { case: { raw } }) => sum + raw.length, 0)],
      ['accepted and translated', tally.of('accepted')],
      ['refused, each with field, message and hint', tally.of('refused')],
      ['ignored as foreign', tally.of('ignored')],
      ['thrown, siblings changed, or refused without a word', tally.of('wrong')],
    ],
    refusals: [],
    failures: ledger.failures,
  };
}

type Said = { readonly kind: 'accepted' | 'refused' | 'ignored' } | { readonly kind: 'wrong'; readonly what: string };

/** One case, and what it translates to. */
class Stage {
  readonly case: ObjectCase;
  readonly before: Ir;
  readonly #without = new Map<number, Ir>();
  readonly #memo = new Memo();
  readonly #store: Store;

  constructor(each: ObjectCase) {
    this.case = each;
    this.#store = storeOf(each.objects);
    this.before = translate(this.#store.snapshot(), each.options).ir;
  }

  without(at: number): Ir {
    const known = this.#without.get(at);
    if (known !== undefined) return known;
    const { objects, options } = this.case;
    const store = storeOf(objects);
    store.apply([{ kind: 'remove', ref: refOf(objects[at]!) }]);
    const { ir } = translate(store.snapshot(), options);
    this.#without.set(at, ir);
    return ir;
  }

  /** With `object` in the place of object `at`. */
  with(at: number, object: KubeObject, memo: boolean): Translation {
    const { objects, options } = this.case;
    this.#store.apply([
      { kind: 'remove', ref: refOf(objects[at]!) },
      { kind: 'upsert', object },
    ]);
    try {
      return translate(this.#store.snapshot(), options, memo ? this.#memo : new Memo());
    } finally {
      // It may have taken the place of another one.
      this.#store.apply([
        { kind: 'remove', ref: refOf(object) },
        ...objects.map((each) => ({ kind: 'upsert' as const, object: each })),
      ]);
    }
  }
}

function check(stage: Stage, at: number, raw: object, memo: boolean): Said {
  try {
    const result = validateObject(raw);
    if ('ignored' in result) return result.ignored === '' ? wrong('ignored without a word') : { kind: 'ignored' };
    if ('problems' in result) {
      const mute = result.problems.find(({ message, hint }) => message === '' || hint === '' || message.length > 2_048);
      if (result.problems.length === 0 || mute !== undefined) return wrong(`refused with ${JSON.stringify(mute)}`);
      return { kind: 'refused' };
    }
    const translation = stage.with(at, result.object, false);
    const { objects } = stage.case;
    const changed = changedSibling(
      objects[at]!,
      result.object,
      objects,
      stage.without(at),
      stage.before,
      translation.ir,
    );
    if (changed !== null)
      return wrong(
        `${objectId(result.object.metadata.name === '' ? refOf(objects[at]!) : refOf(result.object))} changes ${changed}`,
      );
    const mute = muteStatus(translation);
    if (mute !== null) return wrong(mute);
    if (memo && JSON.stringify(stage.with(at, result.object, true)) !== JSON.stringify(translation))
      return wrong('with a memo it is translated otherwise');
    return { kind: 'accepted' };
  } catch (error) {
    return wrong(`throws ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
  }
}

/** A condition or problem without reason or message, or with one that no API server takes. */
function muteStatus({ statuses }: Translation): string | null {
  for (const { ref, status, problems } of statuses) {
    const mute = problems.find(
      ({ reason, message }) => reason === '' || message === '' || Buffer.byteLength(message) > 1_100,
    );
    if (mute !== undefined) return `${objectId(ref)} has the problem ${JSON.stringify(mute).slice(0, 200)}`;
    for (const [, type, reason, message] of conditionsIn(status)) {
      if (reason === '' || (reason !== undefined && !/^[A-Za-z](?:[A-Za-z0-9_,:]*[A-Za-z0-9_])?$/.test(reason)))
        return `${objectId(ref)} has condition ${type} with reason ${reason}`;
      if (message !== undefined && Buffer.byteLength(message) > 1_100)
        return `${objectId(ref)} has condition ${type} with a message too long`;
    }
  }
  return null;
}

function conditionsIn(value: unknown): (readonly [string, string, string | undefined, string | undefined])[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = value as Readonly<Record<string, unknown>>;
  if (typeof own['type'] === 'string' && typeof own['reason'] === 'string')
    return [['', own['type'], own['reason'], String(own['message'])]];
  return Object.values(own).flatMap(conditionsIn);
}

function wrong(what: string): Said {
  return { kind: 'wrong', what };
}

function parse(text: string): object | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' ? value : null;
  } catch {
    return null;
  }
}
