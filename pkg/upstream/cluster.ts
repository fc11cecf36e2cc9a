/** One cluster in one worker: its endpoints, each with a lane, and the balancer between them. Made and updated by `clusters.ts`. */
import type { DescMethodUnary, Message } from '@bufbuild/protobuf';
import type { Cluster, Endpoint } from '../ir/cluster.ts';
import type { Balancer, Candidate } from './balance/balancer.ts';
import { LeastRequest } from './balance/least-request.ts';
import { RoundRobin } from './balance/round-robin.ts';
import { GrpcError } from './grpc-error.ts';
import type { GrpcLane } from './grpc-lane.ts';
import { endpointName, type Lane, type LaneStats } from './lane.ts';
import { Pending } from './pending.ts';
import type { ClusterRuntime, ResponseHandler, UpstreamRequest, UpstreamStream } from './upstream.ts';

export interface EndpointStats extends LaneStats {
  readonly name: string;
  readonly weight: number;
  readonly terminating: boolean;
  readonly load: number;
}

export interface ClusterStats {
  readonly id: string;
  readonly name: string;
  readonly endpoints: readonly EndpointStats[];
}

/** Makes the lane of one endpoint. */
export type OpenLane = (cluster: Cluster, endpoint: Endpoint, pending: Pending) => Lane;

/** The same for calls of gRPC. */
export type OpenGrpc = (cluster: Cluster, endpoint: Endpoint) => Promise<GrpcLane>;

class Member implements Candidate {
  readonly name: string;
  readonly lane: Lane;
  readonly #openGrpc: () => Promise<GrpcLane>;
  #opening: Promise<GrpcLane> | null = null;
  #grpc: GrpcLane | null = null;
  weight: number;
  terminating: boolean;

  constructor(endpoint: Endpoint, lane: Lane, openGrpc: () => Promise<GrpcLane>) {
    this.name = endpointName(endpoint.host, endpoint.port);
    this.lane = lane;
    this.#openGrpc = openGrpc;
    this.weight = endpoint.weight;
    this.terminating = endpoint.terminating;
  }

  get load(): number {
    return this.lane.load + (this.#grpc?.load ?? 0);
  }

  /** Few clusters are ever asked by gRPC. */
  grpc(): Promise<GrpcLane> {
    this.#opening ??= this.#openGrpc().then((lane) => (this.#grpc = lane));
    return this.#opening;
  }

  get lanes(): readonly Retired[] {
    const opening = this.#opening;
    if (opening === null) return [this.lane];
    const grpc: Retired = {
      close: async () => (await opening).close(),
      destroy: async () => (await opening).destroy(),
    };
    return [this.lane, grpc];
  }
}

/** What finishes what it does. */
export type Retired = Pick<Lane, 'close' | 'destroy'>;

const UntouchedRetries = 2;

export class LiveCluster implements ClusterRuntime {
  readonly id: string;
  name: string;
  readonly #openLane: OpenLane;
  readonly #openGrpc: OpenGrpc;
  readonly #random: () => number;
  readonly #retire: (lane: Retired) => void;
  readonly #pending: Pending;
  /** As last given to `update`. */
  config: Cluster;
  /** Text of all that pools depend on: another one means other pools. */
  #settings = '';
  #balancer: Balancer<Member>;
  #members = new Map<string, Member>();
  #candidates: readonly Member[] = [];

  /** @param retire takes a lane that no new request shall use */
  constructor(
    id: string,
    config: Cluster,
    open: { readonly lane: OpenLane; readonly grpc: OpenGrpc },
    random: () => number,
    retire: (lane: Retired) => void,
  ) {
    this.id = id;
    this.name = config.name;
    this.#openLane = open.lane;
    this.#openGrpc = open.grpc;
    this.#random = random;
    this.#retire = retire;
    this.#pending = new Pending(config.limits.maxPendingRequests);
    this.config = config;
    this.#balancer = balancerOf(config, random);
  }

  get usable(): boolean {
    return this.#candidates.length > 0;
  }

  get stats(): ClusterStats {
    const endpoints = [...this.#members.values()].map(({ name, weight, terminating, load, lane }) => ({
      name,
      weight,
      terminating,
      load,
      ...lane.stats,
    }));
    return { id: this.id, name: this.name, endpoints };
  }

  /** @param settings text of what the pools depend on, key material included */
  update(config: Cluster, settings: string): void {
    if (config.loadBalancer !== this.config.loadBalancer) this.#balancer = balancerOf(config, this.#random);
    const kept = settings === this.#settings ? this.#members : new Map<string, Member>();
    const members = new Map<string, Member>();
    this.name = config.name;
    this.#pending.max = config.limits.maxPendingRequests;
    for (const endpoint of config.endpoints) {
      const name = endpointName(endpoint.host, endpoint.port);
      // The same endpoint in two slices is one.
      if (members.has(name)) continue;
      const member = kept.get(name) ?? this.#open(config, endpoint);
      member.weight = endpoint.weight;
      member.terminating = endpoint.terminating;
      members.set(name, member);
    }
    const before = this.#members;
    this.config = config;
    this.#settings = settings;
    this.#members = members;
    this.#candidates = candidatesOf([...members.values()]);
    for (const [name, member] of before) if (members.get(name) !== member) this.#retireAll(member);
  }

  request(request: UpstreamRequest, handler: ResponseHandler, avoid: string): UpstreamStream {
    if (this.#candidates.length === 0) return new NoEndpoint(handler);
    return this.#balancer.pick(this.#candidates, avoid).lane.dispatchRaw(request, handler);
  }

  async unary(method: DescMethodUnary, message: Message, timeout: number, signal: AbortSignal): Promise<Message> {
    let avoid = '';
    for (let tries = 0; ; tries++) {
      if (this.#candidates.length === 0) throw new GrpcError('no-endpoint', `${this.name} has no endpoint`, true);
      const member = this.#balancer.pick(this.#candidates, avoid);
      try {
        return await (await member.grpc()).unary(method, message, timeout, signal);
      } catch (error) {
        const again = error instanceof GrpcError && error.untouched && tries < UntouchedRetries;
        if (!again || signal.aborted) throw error;
        avoid = member.name;
      }
    }
  }

  trim(): void {
    for (const { lane } of this.#members.values()) lane.trim();
  }

  /** Every endpoint goes: what is under way finishes. */
  retire(): void {
    for (const member of this.#members.values()) this.#retireAll(member);
    this.#members = new Map();
    this.#candidates = [];
  }

  #open(config: Cluster, endpoint: Endpoint): Member {
    const lane = this.#openLane(config, endpoint, this.#pending);
    return new Member(endpoint, lane, () => this.#openGrpc(config, endpoint));
  }

  #retireAll(member: Member): void {
    for (const lane of member.lanes) this.#retire(lane);
  }
}

function balancerOf(config: Cluster, random: () => number): Balancer<Member> {
  return config.loadBalancer === 'LeastRequest' ? new LeastRequest(random) : new RoundRobin(random);
}

/** KEP-1669: endpoints that are terminating but still serve are used when no other is there. */
function candidatesOf(members: readonly Member[]): readonly Member[] {
  const staying = members.filter((member) => !member.terminating);
  return staying.length > 0 ? staying : members;
}

class NoEndpoint implements UpstreamStream {
  readonly endpoint = '';
  readonly reused = false;
  #handler: ResponseHandler | null;

  constructor(handler: ResponseHandler) {
    this.#handler = handler;
    process.nextTick(fail, this);
  }

  fail(): void {
    const handler = this.#handler;
    this.#handler = null;
    handler?.onFailure('no-endpoint', true);
  }

  write(): boolean {
    return true;
  }

  end(): void {}
  flush(): void {}

  abort(): void {
    this.#handler = null;
  }

  redirect(handler: ResponseHandler): void {
    if (this.#handler !== null) this.#handler = handler;
  }

  pause(): void {}
  resume(): void {}
}

const fail = (stream: NoEndpoint): void => stream.fail();
