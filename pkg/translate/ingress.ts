/** Processor: Ingresses of our classes. Runs behind routes, since a virtual listener takes over what they attached to. */
import type { Ingress } from '../api/core.ts';
import { refOf } from '../api/object.ts';
import type { Route } from '../ir/route.ts';
import type { Problem } from '../status/problem.ts';
import { byAge, createdOf } from './age.ts';
import type { Context } from './context.ts';
import type { Draft } from './draft.ts';
import { Claims } from './ingress-claims.ts';
import { classOf } from './ingress-class.ts';
import { httpsPortOf, Place, type PlaceListener } from './ingress-place.ts';
import { ingressPolicies } from './ingress-policies.ts';
import { type HostRules, type TranslatedIngress, translateIngressRules } from './ingress-rules.ts';
import { shareRoutes } from './ingress-shadow.ts';
import { faultsOf, lacksOf } from './policy-notes.ts';
import type { PolicyUse } from './policy-use.ts';
import type { World } from './world.ts';

/** What one Ingress is, before it is known what the others are. */
interface Translated extends TranslatedIngress {
  /** `namespace/name` of the Gateway; undefined: the synthetic one. */
  readonly gateway: { readonly namespace: string; readonly name: string } | undefined;
  /** The GatewayClassConfig of its class. */
  readonly config: { readonly namespace: string; readonly name: string } | undefined;
}

/** An Ingress that has found its place. */
interface Served {
  readonly ingress: Ingress;
  readonly translated: Translated;
  readonly place: Place;
  readonly admitted: readonly PlaceListener[];
  readonly problems: Problem[];
}

/** Later than every age: rules of the default backend lose every tie, so they are asked last. */
const LastResort = Number.MAX_SAFE_INTEGER;

/** @returns what policies come to at the rules of Ingresses */
export function translateIngresses(context: Context): readonly PolicyUse[] {
  const places = new Map<string, Place>();
  const served = context
    .list('Ingress')
    .toSorted(byAge)
    .flatMap((ingress) => placed(ingress, context, places));
  // Every virtual listener has to be there before rules attach: those of one Ingress serve the hosts of another, too.
  for (const isDefault of [false, true]) {
    for (const { translated, place, ingress, admitted, problems } of served) {
      for (const tls of translated.tls.filter((each) => each.isDefault === isDefault)) {
        const problem = place.secure(tls, ingress, admitted);
        if (problem !== undefined) problems.push(problem);
      }
    }
  }
  for (const place of places.values()) place.secureRest();
  for (const place of places.values()) shareRoutes(context.routes, place, context.memo);
  const claims = new Map([...places.values()].map((place) => [place, new Claims()]));
  const defaults = new Map<Place, Ingress>();
  const uses: PolicyUse[] = [];
  for (const each of served) {
    const { problems, translated, place } = each;
    problems.push(...(claims.get(place)?.claim(each.ingress, translated.hosts) ?? []), ...hostProblems(each));
    if (translated.defaultBackend !== undefined) {
      const owner = defaults.get(place);
      if (owner === undefined) defaults.set(place, each.ingress);
      else problems.push(secondDefault(owner, translated));
    }
    const written = routesOf(each, defaults.get(place) === each.ingress);
    const { routes, uses: used } = ingressPolicies(each.ingress, translated.config, written, place, context);
    uses.push(...used);
    problems.push(...faultsOf(used), ...lacksOf(used));
    // Equal text is the same instance as in the run before, so that it ships and compiles only if it changed.
    for (const [id, route] of routes) context.routes.set(id, context.memo.stable(`route ${id}`, route));
    addStatus(each, routes.length > 0, context);
  }
  return uses;
}

function placed(ingress: Ingress, context: Context, places: Map<string, Place>): readonly Served[] {
  const translated = context.translate(ingress, (draft) => translateOne(ingress, draft));
  if ('unserved' in translated) {
    // Another controller may serve it; in a directory there is none, and silence would leave the user guessing.
    const problems = translated.unserved.filter(() => translated.ours || context.options.directoryMode);
    if (problems.length > 0 || translated.ours)
      context.addStatus({
        ref: refOf(ingress),
        generation: ingress.metadata.generation,
        status: translated.ours ? { loadBalancer: {} } : {},
        problems,
      });
    return [];
  }
  const { gateway } = translated;
  const key = gateway === undefined ? '' : `${gateway.namespace}/${gateway.name}`;
  const place = places.get(key) ?? new Place(context, gateway && context.gateway(gateway.namespace, gateway.name));
  places.set(key, place);
  const problems = [...translated.problems, ...(place.problem === undefined ? [] : [place.problem])];
  const admitted = place.admit(ingress);
  if ('reason' in admitted) {
    const served: Served = { ingress, translated, place, admitted: [], problems: [...problems, admitted] };
    addStatus(served, false, context);
    return [];
  }
  return [{ ingress, translated, place, admitted, problems }];
}

interface Unserved {
  readonly unserved: readonly Problem[];
  readonly ours: boolean;
}

function translateOne(ingress: Ingress, draft: Draft): Translated | Unserved {
  const choice = classOf(ingress, draft.world);
  if (choice.kind === 'foreign') return { unserved: [choice.problem], ours: false };
  const { config, fault } = choice.class;
  if (fault !== undefined) return { unserved: [fault], ours: true };
  const settings = config?.spec.ingress;
  const ref = settings?.gatewayRef;
  const gateway = ref && { name: ref.name, namespace: ref.namespace ?? config?.metadata.namespace ?? '' };
  const missing = gateway && gatewayFault(gateway, choice.class.name, draft.world);
  if (missing !== undefined) return { unserved: [missing], ours: true };

  const attachable = gateway && draft.world.gateway(gateway.namespace, gateway.name);
  const translated = translateIngressRules(
    ingress,
    {
      sslRedirect: settings?.sslRedirect ?? 'WhenTLS',
      unsupportedAnnotations: settings?.unsupportedAnnotations ?? 'RejectSecurity',
      httpsPort: attachable === undefined ? 443 : httpsPortOf(attachable),
    },
    draft,
  );
  return { ...translated, gateway, config: config?.metadata, problems: [...choice.notes, ...translated.problems] };
}

// Not the synthetic one instead: a class may name a Gateway that only few can reach.
function gatewayFault(ref: { namespace: string; name: string }, className: string, world: World): Problem | undefined {
  const gateway = world.gateway(ref.namespace, ref.name);
  const found =
    gateway === undefined
      ? 'not found, or not of a class of ours; create it or correct the name'
      : 'not accepted; see its status';
  if (gateway?.accepted === true) return undefined;
  return {
    path: 'spec.ingressClassName',
    reason: 'GatewayNotFound',
    message: `IngressClass ${className} serves on Gateway ${ref.namespace}/${ref.name} (ingress.gatewayRef), which is ${found}`,
  };
}

function routesOf(
  { ingress, translated, place, admitted }: Served,
  ownsDefault: boolean,
): readonly (readonly [string, Route])[] {
  const { namespace, name } = ingress.metadata;
  const route = { kind: 'Ingress', namespace, name, created: createdOf(ingress) } as const;
  const id = (host: string): string => `Ingress/${namespace}/${name}/${host === '' ? '*' : host}`;
  const redirected = (rules: Route['rules'], filter: string): Route['rules'] =>
    rules.map((rule) => ({ ...rule, filters: [filter] }));

  const entry = ({ host, rules, redirect }: HostRules): readonly (readonly [string, Route])[] => {
    const plain = rules.map(({ rule }) => rule);
    if (redirect === undefined)
      return [[id(host), { ...route, attachments: place.attachments(host, admitted), rules: plain }]];
    return [
      [id(host), { ...route, attachments: place.attachments(host, admitted, 'HTTPS'), rules: plain }],
      [
        `${id(host)}/redirect`,
        { ...route, attachments: place.attachments(host, admitted, 'HTTP'), rules: redirected(plain, redirect) },
      ],
    ];
  };
  const entries = translated.hosts.flatMap(entry);

  const { defaultBackend, defaultRedirect } = translated;
  if (defaultBackend !== undefined) {
    // For the Ingress' own hosts, and for all others if no older Ingress has one.
    const hosts = translated.hosts.map(({ host }) => host).filter((host) => host !== '');
    if (ownsDefault) hosts.push('');
    for (const host of hosts) {
      const redirect = translated.hosts.find((rules) => rules.host === host)?.redirect ?? defaultRedirect;
      for (const [key, made] of entry({ host, rules: [{ rule: defaultBackend, path: '' }], redirect }))
        entries.push([key.replace(id(host), `${id(host)}/default`), { ...made, created: LastResort }]);
    }
  }
  return entries.filter(([, { attachments, rules }]) => attachments.length > 0 && rules.length > 0);
}

/** Hosts that no listener of the Gateway takes. */
function hostProblems({ translated, place, admitted }: Served): readonly Problem[] {
  if (place.problem !== undefined) return [];
  return translated.hosts.flatMap(({ host, rules }): readonly Problem[] => {
    if (place.attachments(host, admitted).length > 0) return [];
    const message = `no listener of Gateway ${place.id} takes ${host}; correct the host, or the hostnames of the listeners`;
    return [{ path: rules[0]?.path ?? 'spec.rules', reason: 'NoMatchingListenerHostname', message }];
  });
}

function secondDefault({ metadata }: Ingress, { hosts }: TranslatedIngress): Problem {
  const scope = hosts.some(({ host }) => host !== '')
    ? 'this one serves its own hosts only'
    : 'this one is never asked';
  const message = `Ingress ${metadata.namespace}/${metadata.name} is older, or first by name, and serves what nothing matches, so ${scope}; keep one default backend`;
  return { path: 'spec.defaultBackend', reason: 'Shadowed', message };
}

function addStatus({ ingress, place, problems }: Served, serves: boolean, context: Context): void {
  const addresses = place.published.map(({ type, value }) =>
    type === 'Hostname' ? { hostname: value } : { ip: value },
  );
  context.addStatus({
    ref: refOf(ingress),
    generation: ingress.metadata.generation,
    status: { loadBalancer: serves ? { ingress: addresses } : {} },
    problems,
  });
}
