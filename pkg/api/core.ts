/** The core kinds the gateway reads, as the API server serves them: after its defaults. Fields nobody here asks for are left out. */
import type { KubeObject } from './object.ts';

export interface Ingress extends KubeObject {
  readonly kind: 'Ingress';
  readonly spec: IngressSpec;
}

export interface IngressSpec {
  readonly ingressClassName?: string;
  readonly defaultBackend?: IngressBackend;
  readonly tls?: readonly IngressTls[];
  readonly rules?: readonly IngressRule[];
}

export interface IngressTls {
  readonly hosts?: readonly string[];
  readonly secretName?: string;
}

export interface IngressRule {
  /** Lower case; `*.example.com` stands for exactly one label. Absent: every host. */
  readonly host?: string;
  readonly http?: { readonly paths: readonly IngressPath[] };
}

export interface IngressPath {
  /** Absent only with pathType ImplementationSpecific, where it means every path. */
  readonly path?: string;
  readonly pathType: 'Exact' | 'Prefix' | 'ImplementationSpecific';
  readonly backend: IngressBackend;
}

/** Exactly one of the two (validated). */
export interface IngressBackend {
  readonly service?: IngressServiceBackend;
  readonly resource?: { readonly apiGroup?: string; readonly kind: string; readonly name: string };
}

export interface IngressServiceBackend {
  readonly name: string;
  /** Exactly one of the two (validated). */
  readonly port: { readonly name?: string; readonly number?: number };
}

export interface IngressClass extends KubeObject {
  readonly kind: 'IngressClass';
  readonly spec: {
    readonly controller?: string;
    readonly parameters?: {
      readonly apiGroup?: string;
      readonly kind: string;
      readonly name: string;
      readonly scope: 'Cluster' | 'Namespace';
      /** With scope Namespace only. */
      readonly namespace?: string;
    };
  };
}

export interface Service extends KubeObject {
  readonly kind: 'Service';
  readonly spec: ServiceSpec;
  readonly status?: {
    readonly loadBalancer?: {
      /** Addresses that the load balancer answers at; each has one of the two. */
      readonly ingress?: readonly { readonly ip?: string; readonly hostname?: string }[];
    };
  };
}

export interface ServiceSpec {
  readonly type: 'ClusterIP' | 'NodePort' | 'LoadBalancer' | 'ExternalName';
  /** `None` for a headless Service. */
  readonly clusterIP?: string;
  readonly clusterIPs?: readonly string[];
  readonly externalName?: string;
  readonly ports?: readonly ServicePort[];
  readonly selector?: Readonly<Record<string, string>>;
  readonly publishNotReadyAddresses?: boolean;
  readonly sessionAffinity: 'None' | 'ClientIP';
}

export interface ServicePort {
  /** Absent only if the Service has one port. */
  readonly name?: string;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  readonly port: number;
  /** A number, or the name of a container port; the port itself where none was written. */
  readonly targetPort: number | string;
  /** Port of every node; types NodePort and LoadBalancer. */
  readonly nodePort?: number;
  readonly appProtocol?: string;
}

/** Has no spec: the fields stand at the root. */
export interface EndpointSlice extends KubeObject {
  readonly kind: 'EndpointSlice';
  readonly addressType: 'IPv4' | 'IPv6' | 'FQDN';
  readonly endpoints: readonly SliceEndpoint[];
  readonly ports: readonly SlicePort[];
}

export interface SliceEndpoint {
  readonly addresses: readonly string[];
  readonly conditions: {
    /** Absent means true: "a nil value should be interpreted as true". */
    readonly ready?: boolean;
    /** Absent means: as ready. */
    readonly serving?: boolean;
    /** Absent means false. */
    readonly terminating?: boolean;
  };
  readonly hostname?: string;
  readonly nodeName?: string;
  readonly zone?: string;
}

export interface SlicePort {
  /** `''` for the only, unnamed port: matches the Service port without a name. */
  readonly name: string;
  readonly protocol: 'TCP' | 'UDP' | 'SCTP';
  /** Absent: "all ports", which nothing can be dialled at. */
  readonly port?: number;
  readonly appProtocol?: string;
}

export interface Secret extends KubeObject {
  readonly kind: 'Secret';
  readonly type: string;
  /** Base64; what was written as `stringData` is merged in, as the API server does it. */
  readonly data: Readonly<Record<string, string>>;
}

export interface ConfigMap extends KubeObject {
  readonly kind: 'ConfigMap';
  readonly data: Readonly<Record<string, string>>;
  /** Base64. */
  readonly binaryData: Readonly<Record<string, string>>;
}

export interface Namespace extends KubeObject {
  readonly kind: 'Namespace';
}
