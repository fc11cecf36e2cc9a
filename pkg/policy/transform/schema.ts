/** Transform: what a worker needs of it. */
import type { PathRewrite } from '../path-rewrite.ts';

export interface TransformConfig {
  readonly request: RequestTransform | null;
  readonly response: ResponseTransform | null;
}

export interface RequestTransform {
  readonly headers: HeadersTransform;
  readonly query: NamesTransform;
  readonly cookies: NamesTransform;
  readonly path: PathRewrite | null;
  /** `''`: as it came. */
  readonly method: string;
  readonly hostname: string;
  readonly body: BodyTransformConfig | null;
}

export interface ResponseTransform {
  readonly headers: HeadersTransform;
  readonly cookies: {
    readonly remove: readonly string[];
    readonly set: readonly (NamedValue & {
      /** What stands behind the value: `; Path=/; Secure`. */
      readonly attributes: string;
    })[];
  };
  /** 0: as it came. */
  readonly status: number;
  readonly body: BodyTransformConfig | null;
}

export type Value =
  | { readonly kind: 'text'; readonly text: string }
  /** CEL. */
  | { readonly kind: 'expression'; readonly source: string };

export interface NamedValue {
  readonly name: string;
  readonly value: Value;
}

/** In this order; expressions see what came. */
export interface HeadersTransform {
  readonly remove: readonly string[];
  readonly rename: readonly { readonly from: string; readonly to: string }[];
  readonly set: readonly NamedValue[];
  readonly add: readonly NamedValue[];
}

export interface NamesTransform {
  readonly remove: readonly string[];
  readonly set: readonly NamedValue[];
}

export interface BodyTransformConfig {
  /** Lower case. */
  readonly contentTypes: readonly string[];
  /** Bytes. */
  readonly maxSize: number;
  /** RFC 7396; null: none. */
  readonly mergePatch: Readonly<Record<string, unknown>> | null;
  readonly remove: readonly Pointer[];
  readonly set: readonly { readonly path: Pointer; readonly source: string }[];
}

/** RFC 6901, split and decoded. */
export type Pointer = readonly string[];
