/** Gateway API v1.6 (standard and experimental fields): GatewayClass, Gateway, ListenerSet, ReferenceGrant, and the references they share. After defaulting. */
import type { KubeObject } from './object.ts';
import type { LabelSelector } from './selector.ts';

export interface GatewayClass extends KubeObject {
  readonly kind: 'GatewayClass';
  readonly spec: {
    /** Domain-prefixed path of the controller that owns the class. */
    readonly controllerName: string;
    readonly description?: string;
    readonly parametersRef?: ParametersReference;
  };
}

export interface ParametersReference {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

export interface Gateway extends KubeObject {
  readonly kind: 'Gateway';
  readonly spec: GatewaySpec;
}

export interface GatewaySpec {
  readonly gatewayClassName: string;
  /** 1 to 64, by unique name. */
  readonly listeners: readonly Listener[];
  readonly addresses?: readonly GatewayAddress[];
  readonly infrastructure?: {
    readonly labels?: Readonly<Record<string, string>>;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly parametersRef?: { readonly group: string; readonly kind: string; readonly name: string };
  };
  readonly allowedListeners?: {
    readonly namespaces: { readonly from: 'All' | 'Selector' | 'Same' | 'None'; readonly selector?: LabelSelector };
  };
  readonly defaultScope?: 'All' | 'None';
  readonly tls?: GatewayTls;
}

/** Listeners that another object, often of another namespace, adds to a Gateway that allows it (`spec.allowedListeners`). */
export interface ListenerSet extends KubeObject {
  readonly kind: 'ListenerSet';
  readonly spec: {
    readonly parentRef: ObjectReference;
    /** 1 to 64, by unique name. */
    readonly listeners: readonly Listener[];
  };
}

export interface GatewayAddress {
  /** `IPAddress`, `Hostname`, `NamedAddress`, or a domain-prefixed type. */
  readonly type: string;
  readonly value?: string;
}

export interface Listener {
  readonly name: string;
  /** Absent: every host. `*.example.com` stands for one or more labels. */
  readonly hostname?: string;
  readonly port: number;
  /** `HTTP`, `HTTPS`, `TLS`, `TCP`, `UDP`, or a domain-prefixed one. */
  readonly protocol: string;
  readonly tls?: ListenerTls;
  readonly allowedRoutes: AllowedRoutes;
}

export interface ListenerTls {
  readonly mode: 'Terminate' | 'Passthrough';
  readonly certificateRefs?: readonly SecretReference[];
  readonly options?: Readonly<Record<string, string>>;
}

export interface AllowedRoutes {
  readonly namespaces: { readonly from: 'All' | 'Selector' | 'Same'; readonly selector?: LabelSelector };
  readonly kinds?: readonly { readonly group: string; readonly kind: string }[];
}

export interface GatewayTls {
  readonly backend?: { readonly clientCertificateRef?: SecretReference };
  readonly frontend?: {
    readonly default: FrontendTls;
    readonly perPort?: readonly { readonly port: number; readonly tls: FrontendTls }[];
  };
}

export interface FrontendTls {
  readonly validation?: {
    readonly caCertificateRefs: readonly ObjectReference[];
    readonly mode: 'AllowValidOnly' | 'AllowInsecureFallback';
  };
}

/** Group and kind default to the core Secret. */
export interface SecretReference {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  /** Absent: the namespace of the object that refers. */
  readonly namespace?: string;
}

export interface ObjectReference {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
}

/** Group and kind default to Service in the core group. */
export interface BackendObjectReference {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  /** Required for a Service (validated). */
  readonly port?: number;
}

/** Group and kind default to Gateway. */
export interface ParentReference {
  readonly group: string;
  readonly kind: string;
  readonly name: string;
  readonly namespace?: string;
  readonly sectionName?: string;
  readonly port?: number;
}

export interface ReferenceGrant extends KubeObject {
  readonly kind: 'ReferenceGrant';
  readonly spec: {
    readonly from: readonly { readonly group: string; readonly kind: string; readonly namespace: string }[];
    /** Without a name: every object of the kind in the grant's namespace. */
    readonly to: readonly { readonly group: string; readonly kind: string; readonly name?: string }[];
  };
}
