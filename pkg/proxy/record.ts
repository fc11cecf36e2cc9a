/** The access record of an exchange: made once, refilled per request by `exchange.ts`. */

import { Known } from '../http1/known.ts';
import type { Identity } from '../policy/identity.ts';
import type { RuntimeRule } from '../routing/table.ts';
import type { AccessRecord } from '../telemetry/record.ts';
import { errors } from './errors.ts';
import type { ActiveExchange } from './exchange.ts';
import type { Peer } from './peer.ts';
import type { Request } from './request.ts';

export function createRecord(): AccessRecord {
  return {
    time: 0,
    clientAddress: '',
    method: '',
    scheme: 'http',
    host: '',
    path: '',
    query: '',
    protocol: 'HTTP/1.1',
    status: 0,
    flag: '',
    requestId: '',
    requestBytes: 0,
    responseBytes: 0,
    duration: 0,
    upstreamDuration: -1,
    attempts: 0,
    route: '',
    rule: -1,
    listener: '',
    cluster: '',
    endpoint: '',
    userAgent: '',
    identity: '',
    tenant: '',
    authMethod: '',
    authProvider: '',
    shadow: '',
  };
}

/** What is known before the head is read; everything else as if nothing had come. */
export function fillRecord(record: AccessRecord, time: number, peer: Peer): void {
  record.time = time;
  record.clientAddress = peer.address;
  record.method = '';
  record.scheme = peer.secure ? 'https' : 'http';
  record.host = '';
  record.path = '';
  record.query = '';
  record.protocol = 'HTTP/1.1';
  record.status = 0;
  record.flag = '';
  record.requestId = '';
  record.requestBytes = 0;
  record.responseBytes = 0;
  record.duration = 0;
  record.upstreamDuration = -1;
  record.attempts = 0;
  record.route = '';
  record.rule = -1;
  record.listener = '';
  record.cluster = '';
  record.endpoint = '';
  record.userAgent = '';
  record.identity = '';
  record.tenant = '';
  record.authMethod = '';
  record.authProvider = '';
  record.shadow = '';
}

/** What the head says. */
export function describeRequest(record: AccessRecord, request: Request): void {
  record.method = request.method;
  record.protocol = request.head.minor === 0 ? 'HTTP/1.0' : 'HTTP/1.1';
  record.host = request.host;
  record.path = request.path;
  record.query = request.query;
  record.requestId = request.requestId;
  record.clientAddress = request.clientAddress;
}

/** What is known at the end. */
export function describeExchange(exchange: ActiveExchange): void {
  const { record, core, rule, error, response, responseStarted } = exchange;
  record.status = responseStarted ? response.status : error === null ? 0 : errors[error].status;
  record.flag = error === null ? '' : errors[error].flag;
  record.responseBytes = exchange.writer.bodyBytes;
  record.duration = Math.round((core.now() - exchange.startedAt) * 1000);
  record.userAgent = userAgentOf(exchange.request);
  if (exchange.identity !== null) describeIdentity(record, exchange.identity);
  if (rule !== null) {
    record.route = rule.routeId;
    record.rule = rule.index;
    record.listener = listenerId(rule);
  }
  exchange.forward.describe(record);
}

/** Of names that a credential may make as long as a head. */
const MaxName = 256;

function describeIdentity(record: AccessRecord, { subject, tenant, method, provider }: Identity): void {
  record.identity = subject.slice(0, MaxName);
  record.tenant = tenant.slice(0, MaxName);
  record.authMethod = method;
  record.authProvider = provider;
}

/** `namespace/gateway/listener`, made once per rule. */
function listenerId(rule: RuntimeRule): string {
  rule.attached ??= `${rule.listener.gateway}/${rule.listener.name}`;
  return rule.attached as string;
}

/** `''` if there is none. Read once from the bytes where that is enough: clients send the same again and again. */
function userAgentOf({ agent, buffer, head, headers }: Request): string {
  // Refused before it was read: the head is that of the request before.
  if (headers.head === null) return '';
  if (headers.hasRemoved || headers.names.length > 0) return headers.get('user-agent') ?? '';
  const { fields, known } = head;
  let found = -1;
  for (let i = 0; i < head.count; i++) {
    if (known[i] !== Known.UserAgent) continue;
    if (found >= 0) return headers.get('user-agent') ?? '';
    found = i;
  }
  return found < 0 ? '' : agent.read(buffer, fields[4 * found + 2]!, fields[4 * found + 3]!);
}
