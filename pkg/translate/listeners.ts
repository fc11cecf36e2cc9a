/** Listeners of a Gateway or a ListenerSet, as far as they can be judged without the machine: protocol, kinds, certificates, conflicts. */
import type { Listener } from '../api/gatewayapi.ts';
import { GATEWAY_API_GROUP, OUR_GROUP } from '../api/kinds.ts';
import { selectorMistake } from '../api/selector.ts';
import type { ClientValidation } from '../ir/listener.ts';
import type { Problem } from '../status/problem.ts';
import type { Draft } from './draft.ts';
import type { FrontendValidation } from './frontend-tls.ts';
import { noCertificates, translateCertificates } from './listener-certificates.ts';

export interface RouteKind {
  readonly group: string;
  readonly kind: string;
}

export interface TranslatedListener {
  readonly spec: Listener;
  /** null: not one that this release serves. */
  readonly protocol: 'HTTP' | 'HTTPS' | null;
  readonly supportedKinds: readonly RouteKind[];
  /** Ids in Ir.certificates of those that can be used. */
  readonly certificates: readonly string[];
  /** HTTPS only: what is asked of clients. */
  readonly client?: ClientValidation;
  /** Accepted False. */
  readonly notAccepted?: Problem;
  /** Conflicted True; then notAccepted is the same. */
  readonly conflict?: Problem;
  /** ResolvedRefs False. */
  readonly unresolved?: Problem;
  /** OverlappingTLSConfig True: another listener of the port has a hostname that meets this one's. */
  readonly overlap?: string;
  /** Fields that are not acted on, and problems beyond the first. */
  readonly notes: readonly Problem[];
}

const RouteKinds: readonly RouteKind[] = [
  { group: GATEWAY_API_GROUP, kind: 'HTTPRoute' },
  { group: OUR_GROUP, kind: 'GatewayRoute' },
];

/** What an object says of one of its listeners, before the Gateway and other listeners are asked. */
export interface ListenerDraft {
  readonly spec: Listener;
  /** `spec.listeners[0]` */
  readonly path: string;
  readonly protocol: TranslatedListener['protocol'];
  readonly supportedKinds: readonly RouteKind[];
  readonly certificates: readonly string[];
  readonly refusal: Problem | undefined;
  /** References that do not resolve. */
  readonly problems: readonly Problem[];
  readonly notes: readonly Problem[];
}

/** What others say of it. */
export interface ListenerSurroundings {
  readonly conflict: Problem | undefined;
  readonly overlap: string | undefined;
  readonly frontend: FrontendValidation | undefined;
}

/** @param draft of the object whose listeners they are: their references are its own */
export function draftListeners(listeners: readonly Listener[], draft: Draft): readonly ListenerDraft[] {
  return listeners.map((spec, i) => {
    const path = `spec.listeners[${i}]`;
    const protocol = spec.protocol === 'HTTP' || spec.protocol === 'HTTPS' ? spec.protocol : null;
    const kinds = translateKinds(spec, protocol, path);
    const certificates = protocol === 'HTTPS' ? translateCertificates(spec, path, draft) : noCertificates;
    return {
      spec,
      path,
      protocol,
      supportedKinds: kinds.supported,
      certificates: certificates.ids,
      refusal: refusal(spec, protocol, path),
      problems: [...(kinds.problem === undefined ? [] : [kinds.problem]), ...certificates.problems],
      notes: [
        ...certificates.notes,
        ...selectorProblems(spec, `${path}.allowedRoutes.namespaces`),
        ...Object.keys(spec.tls?.options ?? {}).map((option) => ignored(`${path}.tls.options[${option}]`)),
      ],
    };
  });
}

export function translateListener(
  listener: ListenerDraft,
  { conflict, overlap, frontend }: ListenerSurroundings,
): TranslatedListener {
  const { spec, protocol, supportedKinds, certificates, refusal, problems, notes } = listener;
  const notAccepted = conflict ?? refusal ?? frontend?.notAccepted;
  const [unresolved, ...others] = [...problems, ...(frontend?.problems ?? [])];
  return {
    spec,
    protocol,
    supportedKinds,
    certificates,
    ...(frontend === undefined ? {} : { client: frontend.client }),
    ...(notAccepted === undefined ? {} : { notAccepted }),
    ...(conflict === undefined ? {} : { conflict }),
    ...(unresolved === undefined ? {} : { unresolved }),
    ...(overlap === undefined ? {} : { overlap }),
    notes: [...others, ...notes],
  };
}

/** A field that is parsed, and said to do nothing. */
export function ignored(path: string, hint = 'remove it, or do not rely on it'): Problem {
  return { path, reason: 'FieldNotSupported', message: `is not acted on by this release; ${hint}` };
}

function refusal(spec: Listener, protocol: 'HTTP' | 'HTTPS' | null, path: string): Problem | undefined {
  if (protocol === null) {
    const message = `protocol ${spec.protocol} is not supported by this release; use HTTP or HTTPS`;
    return { path: `${path}.protocol`, reason: 'UnsupportedProtocol', message };
  }
  if (protocol === 'HTTPS' && spec.tls?.mode === 'Passthrough') {
    return {
      path: `${path}.tls.mode`,
      reason: 'UnsupportedValue',
      message: 'an HTTPS listener terminates TLS; use mode: Terminate',
    };
  }
  return undefined;
}

function translateKinds(
  spec: Listener,
  protocol: 'HTTP' | 'HTTPS' | null,
  path: string,
): { readonly supported: readonly RouteKind[]; readonly problem?: Problem } {
  if (protocol === null) return { supported: [] };
  const wanted = spec.allowedRoutes.kinds ?? [];
  if (wanted.length === 0) return { supported: RouteKinds };
  const supported = RouteKinds.filter((k) => wanted.some((w) => w.group === k.group && w.kind === k.kind));
  const invalid = wanted.findIndex((w) => !RouteKinds.some((k) => w.group === k.group && w.kind === k.kind));
  if (invalid < 0) return { supported };
  const { group = '', kind = '' } = wanted[invalid] ?? {};
  const message = `${kind}.${group} is no route kind of an ${spec.protocol} listener; use HTTPRoute (${GATEWAY_API_GROUP}) or GatewayRoute (${OUR_GROUP})`;
  return {
    supported,
    problem: { path: `${path}.allowedRoutes.kinds[${invalid}]`, reason: 'InvalidRouteKinds', message },
  };
}

/** A selector that selects nothing lets nobody in, which is safe and puzzling: it is told. */
function selectorProblems({ allowedRoutes }: Listener, path: string): readonly Problem[] {
  const { from, selector } = allowedRoutes.namespaces;
  if (from !== 'Selector') return [];
  const mistake =
    selector === undefined
      ? 'is missing, so no namespace is let in; add it, or use from: Same or All'
      : selectorMistake(selector);
  return mistake === undefined ? [] : [{ path: `${path}.selector`, reason: 'UnsupportedValue', message: mistake }];
}
