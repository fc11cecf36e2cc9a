/** What is news about an object: its status and problems, before and now → what an Event says. Pure; used by `eventful.ts`. */
import type { Condition, ObjectStatus } from './status.ts';

export interface News {
  readonly type: 'Normal' | 'Warning';
  /** Of a condition that turned True its type, else Gateway API's reason. */
  readonly reason: string;
  readonly message: string;
}

/** What of a status can become news. */
export interface Standing {
  /** By parent and type; Unknown is left out. */
  readonly conditions: ReadonlyMap<string, Fact>;
  /** By text. */
  readonly problems: ReadonlyMap<string, News>;
}

interface Fact {
  readonly type: string;
  readonly holds: boolean;
  readonly news: News;
}

interface RouteParent {
  readonly parentRef?: {
    readonly kind?: string;
    readonly namespace?: string;
    readonly name?: string;
    readonly sectionName?: string;
  };
  readonly conditions?: readonly Condition[];
}

const Types: ReadonlySet<string> = new Set(['Accepted', 'ResolvedRefs', 'Programmed']);

export function standingOf(status: ObjectStatus): Standing {
  const problems = status.problems.map(({ path, reason, message }): readonly [string, News] => [
    `${reason} ${path} ${message}`,
    { type: 'Warning', reason, message: path === '' ? message : `${path}: ${message}` },
  ]);
  return { conditions: new Map(factsOf(status)), problems: new Map(problems) };
}

/**
 * @param former undefined: nothing is known of it
 * @param welcome whether it is news then that the object is accepted
 */
export function newsOf(former: Standing | undefined, now: Standing, welcome: boolean): readonly News[] {
  const problems = [...now.problems].filter(([text]) => former?.problems.has(text) !== true).map(([, news]) => news);
  const explained = new Set([...now.problems.values()].map(({ reason }) => reason));
  const conditions = [...now.conditions].filter(([key, fact]) => {
    const before = former?.conditions.get(key);
    if (fact.holds) return fact.type !== 'ResolvedRefs' && before?.holds !== true && (former !== undefined || welcome);
    // That something is not programmed yet is no news; that it is no more is.
    if (fact.type === 'Programmed' && before?.holds !== true) return false;
    return !explained.has(fact.news.reason) && (before?.holds !== false || before.news.reason !== fact.news.reason);
  });
  return [...problems, ...conditions.map(([, { news }]) => news)];
}

function factsOf({ ref, status, problems }: ObjectStatus): (readonly [string, Fact])[] {
  // An Ingress has no conditions.
  if (ref.kind === 'Ingress' && 'loadBalancer' in status && problems.length === 0) {
    const news: News = { type: 'Normal', reason: 'Accepted', message: 'every rule is served' };
    return [['Accepted', { type: 'Accepted', holds: true, news }]];
  }
  const parents = (status['parents'] ?? []) as readonly RouteParent[];
  // A GatewayRoute says for itself what it says of its parents, and there more exactly.
  if (parents.length === 0) return facts('', status['conditions'] as RouteParent['conditions']);
  return parents.flatMap(({ parentRef = {}, conditions }) => {
    const { kind = 'Gateway', namespace = ref.namespace, name = '', sectionName } = parentRef;
    const parent = [`${kind} ${namespace}/${name}`, ...(sectionName === undefined ? [] : [sectionName])].join(' ');
    return facts(`${parent}: `, conditions);
  });
}

function facts(prefix: string, conditions: RouteParent['conditions']): (readonly [string, Fact])[] {
  return (conditions ?? [])
    .filter(({ type, status }) => Types.has(type) && status !== 'Unknown')
    .map(({ type, status, reason, message }) => {
      const holds = status === 'True';
      const news: News = {
        type: holds ? 'Normal' : 'Warning',
        reason: holds ? type : reason,
        message: `${prefix}${message}`,
      };
      return [`${prefix}${type}`, { type, holds, news }];
    });
}
