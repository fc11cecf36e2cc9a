/** GatewayRoute: a strict superset of HTTPRoute. Any HTTPRoute spec is valid here unchanged; what it has more is in this file. */
import { Type } from 'typebox';
import type {
  HTTPBackendRef,
  HTTPPathModifier,
  HTTPRouteFilter,
  HTTPRouteMatch,
  HTTPRouteRule,
  HTTPRouteSpec,
  HTTPRouteTimeouts,
  HTTPURLRewriteFilter,
} from './httproute.ts';
import { localAnswerFields, oneLocalBody } from './local-answer.ts';
import type { KubeObject } from './object.ts';
import type { Policies } from './policies.ts';
import { celRules, choice, duration, integer, text, type ValueOf } from './schema.ts';

export const cookieMatchSchema = Type.Object({
  name: text(256, 'Name of the cookie; case matters.', { pattern: "^[A-Za-z0-9!#$%&'*+\\-.^_\\x60|~]+$" }),
  type: choice(['Exact', 'RegularExpression'], 'How value is compared.', { default: 'Exact' }),
  value: Type.String({ maxLength: 4096, description: 'Value of the cookie.' }),
});

export const directResponseSchema = Type.Object(
  {
    statusCode: integer(200, 599, 'Status of the answer.'),
    ...localAnswerFields('route', '4 KiB'),
  },
  {
    description: 'An answer that the gateway gives itself.',
    ...celRules(oneLocalBody),
  },
);

export const replaceRegularExpressionSchema = Type.Object(
  {
    pattern: text(1024, 'Regular expression (RE2), searched for in the canonical path.'),
    substitution: Type.String({
      maxLength: 1024,
      description: 'What each match becomes; $1 to $9 stand for groups, $0 for the match, $$ for a dollar sign.',
    }),
  },
  { description: 'Replaces what a regular expression matches in the path.' },
);

export const prioritySchema = integer(
  0,
  7,
  'The backends of the lowest priority that have a usable endpoint serve; the others are its failover.',
  { default: 0 },
);

export const idleTimeoutSchema = duration('Between two reads or writes of a body or tunnel; 0s for no limit.');

export type CookieMatch = ValueOf<typeof cookieMatchSchema>;
export type DirectResponseFilter = ValueOf<typeof directResponseSchema>;
export type ReplaceRegularExpression = ValueOf<typeof replaceRegularExpressionSchema>;

export interface GatewayRoute extends KubeObject {
  readonly kind: 'GatewayRoute';
  readonly spec: GatewayRouteSpec;
}

export interface GatewayRouteSpec extends Omit<HTTPRouteSpec, 'rules'> {
  /** 1 to 64. */
  readonly rules: readonly GatewayRouteRule[];
}

export interface GatewayRouteRule extends Omit<HTTPRouteRule, 'matches' | 'filters' | 'backendRefs' | 'timeouts'> {
  readonly policies?: Policies;
  readonly matches: readonly GatewayRouteMatch[];
  readonly filters?: readonly GatewayRouteFilter[];
  readonly backendRefs?: readonly GatewayRouteBackendRef[];
  readonly timeouts?: GatewayRouteTimeouts;
}

export interface GatewayRouteMatch extends HTTPRouteMatch {
  readonly cookies?: readonly CookieMatch[];
}

export interface GatewayRouteBackendRef extends Omit<HTTPBackendRef, 'filters'> {
  readonly priority: number;
  readonly filters?: readonly GatewayRouteFilter[];
}

export interface GatewayRouteTimeouts extends HTTPRouteTimeouts {
  readonly idle?: string;
}

export type GatewayRouteFilter =
  | Exclude<HTTPRouteFilter, { readonly type: 'URLRewrite' }>
  | { readonly type: 'URLRewrite'; readonly urlRewrite: GatewayRouteURLRewrite }
  | { readonly type: 'DirectResponse'; readonly directResponse: DirectResponseFilter };

export interface GatewayRouteURLRewrite extends Omit<HTTPURLRewriteFilter, 'path'> {
  readonly path?: GatewayRoutePathModifier;
}

export type GatewayRoutePathModifier =
  | HTTPPathModifier
  | { readonly type: 'ReplaceRegularExpression'; readonly replaceRegularExpression: ReplaceRegularExpression };
