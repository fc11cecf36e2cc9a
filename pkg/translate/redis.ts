/** `spec.dataPlane.redis` of the GatewayClassConfig that sets the data plane, with the Secret and the CA bundle that it refers to. */
import type { GatewayClassConfig, GatewayClassConfigSpec } from '../api/gatewayclassconfig.ts';
import { refOf } from '../api/object.ts';
import type { RedisSettings } from '../ir/settings.ts';
import type { Problem } from '../status/problem.ts';
import type { Condition, ObjectStatus } from '../status/status.ts';
import type { Context } from './context.ts';
import type { Draft } from './draft.ts';
import { policyContext } from './policy-context.ts';

export interface TranslatedRedis {
  /** null: none is asked for, or it cannot be reached as it says; what needs it then fails as its policy says. */
  readonly settings: RedisSettings | null;
  readonly problems: readonly Problem[];
}

type Redis = NonNullable<NonNullable<GatewayClassConfigSpec['dataPlane']>['redis']>;

const none: TranslatedRedis = { settings: null, problems: [] };
const Path = 'spec.dataPlane.redis';

/** Before policies, which are told what they cannot have. */
export function translateRedis(context: Context, config: GatewayClassConfig | undefined): TranslatedRedis {
  const redis = config?.spec.dataPlane?.redis;
  const translated = redis === undefined ? none : context.translate(config!, (draft) => resolve(draft, redis), 'redis');
  context.redisFault = faultOf(config, translated);
  return translated;
}

function faultOf(config: GatewayClassConfig | undefined, { settings, problems }: TranslatedRedis): string {
  if (settings !== null) return '';
  const owner =
    config === undefined
      ? 'a GatewayClassConfig that the parametersRef of the GatewayClass names'
      : `GatewayClassConfig ${config.metadata.namespace}/${config.metadata.name}`;
  return problems.length === 0
    ? `needs Redis, and none is configured; set ${Path} in ${owner}`
    : `needs Redis, and ${Path} of ${owner} cannot be used; see its status`;
}

function resolve(draft: Draft, { urls, auth, tls }: Redis): TranslatedRedis {
  const context = policyContext(draft);
  const problems: Problem[] = [];
  const secretId = (name: string, key: string): string | null => {
    const found = context.secret({ name, key }, `${Path}.auth`);
    if (found.problem !== undefined) problems.push(found.problem);
    return found.problem === undefined ? found.id : null;
  };
  const { namespace } = draft.object.metadata;
  const named = auth && draft.world.get('Secret', namespace, auth.name)?.data['username'] !== undefined;
  const username = auth && named ? secretId(auth.name, 'username') : null;
  const password = auth ? secretId(auth.name, 'password') : null;
  let authorityId: string | null = null;
  if (tls !== undefined) {
    const found = context.authority(tls.caCertificateRef, `${Path}.tls.caCertificateRef`);
    if (found.problem === undefined) authorityId = found.id;
    else problems.push(found.problem);
    // No API server has checked the rule in a directory.
    if (!urls.every((url) => url.startsWith('rediss://')))
      problems.push({ path: `${Path}.tls`, reason: 'UnsupportedValue', message: 'needs rediss:// in every url' });
  }
  // Half of it is nothing: without its password a server would be asked in vain, without its CA another one trusted.
  if (problems.length > 0) return { settings: null, problems };
  return { settings: { urls, username, password, authority: authorityId }, problems };
}

/** The status of the object that the problems are of, with them. */
export function withRedisProblems(
  status: ObjectStatus,
  config: GatewayClassConfig | undefined,
  { problems }: TranslatedRedis,
): ObjectStatus {
  const ref = config && refOf(config);
  const same = ref?.kind === status.ref.kind && ref.namespace === status.ref.namespace && ref.name === status.ref.name;
  if (!same || problems.length === 0) return status;
  const text = problems.map(({ path, message }) => `${path}: ${message}`).join('; ');
  const conditions = (status.status['conditions'] as readonly Condition[]).map((condition) =>
    condition.type === 'Accepted' ? { ...condition, message: `${condition.message}; ${text}` } : condition,
  );
  return {
    ...status,
    status: { ...status.status, conditions },
    problems: [...status.problems, ...problems],
  };
}
