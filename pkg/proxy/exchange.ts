/** One exchange: route, filters, answer. What filters see of it is `policy/runtime.ts`; attempts upstream are `forward.ts`. Pooled and refilled. */
import { Buffer } from 'node:buffer';
import { Close } from '../http1/connection.ts';
import type { Head } from '../http1/head.ts';
import type { Identity } from '../policy/identity.ts';
import type {
  BodyTransform,
  ConnectionView,
  DenialCode,
  Exchange,
  FieldError,
  LocalResponse,
  Observer,
} from '../policy/runtime.ts';
import type { BackendChain, RuntimeRule } from '../routing/table.ts';
import type { AccessRecord } from '../telemetry/record.ts';
import { findRule } from './admission.ts';
import { BodyGate } from './body-gate.ts';
import { BodyReader } from './body-reader.ts';
import type { Downstream } from './connection.ts';
import type { Core } from './core.ts';
import type { ErrorCode } from './errors.ts';
import { Forward } from './forward.ts';
import { errorReply, serverOptions } from './local-reply.ts';
import { ExchangeObserver } from './observer.ts';
import type { Peer } from './peer.ts';
import { Act, type Next, Phases, Send, WriteLocal, WriteUpstream } from './phases.ts';
import { countDecision } from './policy-decision.ts';
import { createRecord, describeExchange, describeRequest, fillRecord } from './record.ts';
import { Request } from './request.ts';
import { Response } from './response-head.ts';
import { ResponseWriter } from './response-writer.ts';
import { Transforms } from './transforms.ts';
import { writeLocal, writeUpstream } from './write-response.ts';

const MaxSpare = 1_024;

export class ActiveExchange implements Exchange {
  readonly core: Core;
  readonly shadow = false;
  readonly request: Request;
  readonly response = new Response();
  readonly writer = new ResponseWriter();
  readonly record: AccessRecord = createRecord();
  readonly forward: Forward;
  readonly gate = new BodyGate(this);
  readonly #reader: BodyReader;
  readonly phases: Phases;
  downstream: Downstream | null = null;
  rule: RuntimeRule | null = null;
  backend: BackendChain | null = null;
  identity: Identity | null = null;
  challenge = '';
  readonly transforms: Transforms;
  /** Clusters that get a copy. */
  readonly mirrors: string[] = [];
  startedAt = 0;
  /** For the log. */
  error: ErrorCode | null = null;
  requestDone = false;
  /** The request phases are not through. */
  inRequest = false;
  /** A byte of the final response was given to the writer. */
  responseStarted = false;
  #responseDone = false;
  #local: LocalResponse | null = null;
  /** Body bytes are read and dropped. */
  #discards = false;
  /** null where no policy is in shadow mode. */
  #observer: ExchangeObserver | null = null;
  /** No filter runs any more. */
  #unfiltered = false;

  constructor(core: Core, peer: Peer) {
    this.core = core;
    this.#reader = new BodyReader(this);
    this.request = new Request(peer, this.#reader);
    this.forward = new Forward(this);
    this.phases = new Phases(this);
    this.transforms = new Transforms(this);
  }

  get matchedPrefix(): string {
    return this.rule === null ? '' : this.rule.matchedPrefix;
  }

  get answered(): boolean {
    return this.#local !== null;
  }

  respond(response: LocalResponse): void {
    this.#demandRequestPhase();
    this.error = null;
    this.#local = response;
  }

  deny(code: DenialCode, headers: Readonly<Record<string, string>> = {}, errors: readonly FieldError[] = []): void {
    this.#demandRequestPhase();
    countDecision(this, 'denied', code);
    this.error = code;
    const reply = errorReply(code, this.request.headers.get('accept'), this.request.requestId, undefined, errors);
    this.#local = { ...reply, headers: { ...reply.headers, ...headers } };
  }

  replaceResponse(local: LocalResponse): void {
    this.#demandResponsePhase();
    // They were meant for the body that is not sent.
    this.transforms.close();
    if (this.#local === null) this.response.make(local, this.request.method, this.core.settings.headers.serverHeader);
    else this.response.amend(local, this.request.method);
    this.#local = local;
  }

  transformBody(transform: BodyTransform): void {
    this.#demandResponsePhase();
    this.transforms.add(transform);
  }

  get connection(): ConnectionView {
    return this.request.peer;
  }

  mirror(cluster: string): void {
    this.mirrors.push(cluster);
  }

  get signal(): AbortSignal {
    return this.downstream === null ? AbortSignal.abort() : this.phases.signal;
  }

  observe(): Observer {
    return (this.#observer ??= new ExchangeObserver(this));
  }

  open(downstream: Downstream): void {
    this.downstream = downstream;
    this.request.peer = downstream.peer;
    this.request.clear();
    this.rule = null;
    this.backend = null;
    this.error = null;
    this.identity = null;
    this.challenge = '';
    this.requestDone = false;
    this.inRequest = false;
    this.responseStarted = false;
    this.#responseDone = false;
    this.#local = null;
    this.#discards = false;
    this.#unfiltered = false;
    this.startedAt = this.core.now();
    this.writer.begin(downstream.connection);
    fillRecord(this.record, this.core.wallClock(), downstream.peer);
  }

  /** @returns why the head is refused */
  read(): ErrorCode | null {
    const { core, record, request } = this;
    const refusal = request.read(core.settings, core.newId);
    describeRequest(record, request);
    this.requestDone = request.bodyLength === 0;
    return refusal;
  }

  start(): void {
    try {
      this.#route();
    } catch (error) {
      this.fault(error);
    }
  }

  /** Answers a request that could not be read, and closes. */
  refuse(code: ErrorCode): void {
    this.request.options |= Close;
    this.requestDone = true;
    this.fail(code);
  }

  /** The request broke off or went on wrongly. @returns false if the response has begun */
  failRequest(code: ErrorCode): boolean {
    if (this.responseStarted) return false;
    this.forward.cancel();
    this.refuse(code);
    return true;
  }

  /** Answers with an error of the gateway's own. */
  fail(code: ErrorCode, status?: number): void {
    // A filter that is still thinking about the request or the response is not waited for.
    this.phases.abandon();
    this.transforms.close();
    this.error = code;
    this.#local = errorReply(code, this.request.headers.get('accept'), this.request.requestId, status);
    this.#reply();
  }

  onBody(bytes: Buffer, start: number, end: number, last: boolean, trailers: Buffer | null): void {
    this.record.requestBytes += end - start;
    if (this.#discards) this.takeBody(bytes, start, end, last, trailers);
    else this.gate.admit(bytes, start, end, last, trailers);
  }

  /** A part that the gate has let through. */
  takeBody(bytes: Buffer, start: number, end: number, last: boolean, trailers: Buffer | null): void {
    if (last) this.requestDone = true;
    if (this.#observer !== null) this.#observer.onBody(bytes, start, end, last);
    if (this.#discards) {
      if (last && this.#responseDone) this.#settle();
      return;
    }
    if (this.#reader.reading) this.#reader.add(bytes, start, end, last, trailers);
    else this.forward.body(bytes, start, end, last, trailers);
  }

  /** The event that brought bytes is over. */
  onTurnEnd(): void {
    this.forward.flush();
  }

  onClientDrain(): void {
    this.writer.slow = false;
    this.transforms.body?.onClientDrain();
    this.forward.onBodyReady();
  }

  /** The client is gone, or must go. Nothing is written any more. */
  abandon(code: ErrorCode): void {
    this.error ??= code;
    this.forward.cancel();
    this.log();
    this.release();
  }

  release(): void {
    this.phases.abandon();
    this.#reader.release();
    this.forward.reset();
    this.transforms.close();
    this.gate.clear();
    this.#observer?.end();
    this.#observer = null;
    this.mirrors.length = 0;
    this.rule = null;
    this.backend = null;
    this.downstream = null;
    this.#local = null;
    this.response.headers.clear();
    // A filter's promise may still look at these views: they are left to it.
    if (this.phases.waits > 0 || this.core.spare.length >= MaxSpare) return;
    this.core.spare.push(this);
  }

  continue(next: Next): void {
    switch (next) {
      case Act:
        this.#act();
        return;
      case Send:
        if (this.#local === null) {
          this.inRequest = false;
          if (this.#reader.reading) this.#reader.cede();
          this.forward.begin();
        } else this.#reply();
        return;
      case WriteUpstream:
        if (this.#local === null) writeUpstream(this);
        else {
          this.forward.discard();
          writeLocal(this, this.#local);
        }
        return;
      case WriteLocal:
        writeLocal(this, this.#local!);
    }
  }

  /** The response's head has come from upstream; both are valid during the call only. */
  onUpstreamHead(status: number, bytes: Buffer, head: Head, length: number): void {
    this.response.receive(status, bytes, head, length, this.request);
    try {
      this.#runResponse(WriteUpstream);
    } catch (error) {
      this.fault(error);
    }
  }

  /** The last byte of the response was given to the writer. */
  onResponseEnd(): void {
    if (this.writer.slow) this.downstream!.onSlow();
    this.#responseDone = true;
    if (!this.requestDone && !this.response.close) {
      this.#discards = true;
      this.downstream!.unblock();
      this.gate.open();
    } else this.#settle();
  }

  #route(): void {
    const { core, request, downstream } = this;
    if (request.parsedTarget.form === 'asterisk') {
      this.#local = serverOptions;
      this.#reply();
      return;
    }
    const rule = findRule(core, request, downstream!);
    if (typeof rule === 'string') {
      this.fail(rule);
      return;
    }
    this.rule = rule;
    this.inRequest = true;
    this.phases.run(rule.onRequest, 0, Act);
  }

  #act(): void {
    if (this.#local !== null) {
      this.#reply();
      return;
    }
    const { action } = this.rule!;
    switch (action.kind) {
      case 'refuse':
        this.fail(action.code, action.status);
        return;
      case 'local':
        this.fail('backend-invalid');
        return;
      case 'forward': {
        const refusal = this.forward.choose(this.rule!, action.backends);
        if (refusal === null) this.phases.run(this.backend === null ? null : this.backend.onRequest, 0, Send);
        else this.fail(refusal);
      }
    }
  }

  /** Answers with `#local`, through the response phases. */
  #reply(): void {
    this.inRequest = false;
    this.#reader.cancel();
    try {
      this.response.make(this.#local!, this.request.method, this.core.settings.headers.serverHeader);
      this.#runResponse(WriteLocal);
    } catch (error) {
      this.fault(error);
    }
  }

  #runResponse(next: Next): void {
    if (this.#unfiltered) {
      this.continue(next);
      return;
    }
    const backend = this.backend === null ? null : this.backend.onResponse;
    const rule = this.rule === null ? null : this.rule.onResponse;
    if (backend === null) this.phases.run(rule, 0, next);
    else this.phases.run(rule === null ? backend : [...backend, ...rule], 0, next);
  }

  #demandRequestPhase(): void {
    if (!this.inRequest) throw new Error('the request phases are over: a response phase replaces the response');
  }

  #demandResponsePhase(): void {
    if (this.inRequest || this.responseStarted) throw new Error('responses are changed in response phases alone');
  }

  /** The body cannot be completed, which the client has to see. @param error null if a filter has said so in good order */
  breakResponse(error: unknown): void {
    if (error !== null) return this.fault(error);
    this.forward.cancel();
    this.downstream!.destroy('filter-failed', true);
  }

  /** A bug in a filter or here. */
  fault(error: unknown): void {
    this.core.fault(this.rule === null ? 'exchange' : `exchange of ${this.rule.routeId}`, error);
    countDecision(this, 'error', 'filter-failed');
    this.forward.cancel();
    const { downstream } = this;
    if (downstream === null) return;
    if (this.responseStarted) {
      downstream.destroy('internal', true);
      return;
    }
    // In a response phase one of the filters may be what threw, and would again.
    this.#unfiltered = !this.inRequest;
    this.fail('filter-failed');
  }

  #settle(): void {
    this.log();
    this.downstream!.finished(!this.response.close);
  }

  log(): void {
    describeExchange(this);
    this.core.telemetry.exchange(this.record);
  }
}
