/** One access record as one JSON line. Written by hand: JSON.stringify of an object made for it costs three times as much. */
import type { AccessLogSettings } from '../ir/settings.ts';
import type { AccessRecord } from './record.ts';

export type Line = (record: AccessRecord) => string;

type Field = (record: AccessRecord) => string;

/** Every field, in the order in which it is written when none are selected. */
export const accessFields = {
  /** Made by createTime. */
  time: (r) => String(r.time),
  clientAddress: (r) => plain(r.clientAddress),
  method: (r) => quoted(r.method),
  scheme: (r) => plain(r.scheme),
  host: (r) => quoted(r.host),
  path: (r) => quoted(r.path),
  query: (r) => quoted(r.query),
  protocol: (r) => plain(r.protocol),
  status: (r) => String(r.status),
  flag: (r) => plain(r.flag),
  requestId: (r) => quoted(r.requestId),
  requestBytes: (r) => String(r.requestBytes),
  responseBytes: (r) => String(r.responseBytes),
  /** Microseconds. */
  duration: (r) => String(r.duration),
  upstreamDuration: (r) => String(r.upstreamDuration),
  attempts: (r) => String(r.attempts),
  route: (r) => plain(r.route),
  rule: (r) => String(r.rule),
  listener: (r) => plain(r.listener),
  cluster: (r) => plain(r.cluster),
  endpoint: (r) => plain(r.endpoint),
  userAgent: (r) => quoted(r.userAgent),
  identity: (r) => quoted(r.identity),
  tenant: (r) => quoted(r.tenant),
  authMethod: (r) => quoted(r.authMethod),
  shadow: (r) => plain(r.shadow),
} as const satisfies Record<Exclude<keyof AccessRecord, 'authProvider'>, Field>;

type FieldName = keyof typeof accessFields;

const names = Object.keys(accessFields) as FieldName[];

/** The writer of lines for these settings. A field that does not exist is left out; if none is left, all are written. */
export function createLine(settings: AccessLogSettings): Line {
  const known = settings.fields.flatMap((name) => names.filter((n) => n === name));
  const wanted = known.length === 0 ? names : known;
  const redact = new Set(settings.redact.map((name) => name.toLowerCase()));
  if (known.length === 0) return createWholeLine(redact);
  const keys = wanted.map((name, i) => `${i === 0 ? '{' : ','}"${name}":`);
  const values = wanted.map((name): Field => fieldOf(name, redact));
  return (record) => {
    let line = '';
    for (let i = 0; i < values.length; i++) line += (keys[i] ?? '') + (values[i]?.(record) ?? '""');
    return `${line}}\n`;
  };
}

/**
 * Every field: what nearly all gateways write, as one expression. Texts that stay the same from request to request (client, route, endpoint) are
 * kept: 18 pieces to put together instead of 46.
 */
function createWholeLine(redact: ReadonlySet<string>): Line {
  const time = createTime();
  const client = createClientText();
  const route = createRouteText();
  const endpoint = createEndpointText();
  const end = createEndText();
  const query = fieldOf('query', redact);
  const userAgent = fieldOf('userAgent', redact);
  let agent = '';
  let agentText = '""';
  return (r) => {
    if (r.userAgent !== agent) {
      agent = r.userAgent;
      agentText = userAgent(r);
    }
    return (
      `{"time":${time(r)}${client(r)},"path":${quoted(r.path)},"query":${r.query === '' ? '""' : query(r)}` +
      `,"protocol":"${r.protocol}","status":${r.status},"flag":"${r.flag}","requestId":${quoted(r.requestId)}` +
      `,"requestBytes":${r.requestBytes},"responseBytes":${r.responseBytes},"duration":${r.duration}` +
      `,"upstreamDuration":${r.upstreamDuration},"attempts":${r.attempts}${route(r)}${endpoint(r)}` +
      `,"userAgent":${agentText}${end(r)}`
    );
  };
}

function createClientText(): Field {
  let { clientAddress, method, scheme, host } = { clientAddress: '', method: '', scheme: '', host: '' };
  let text = '';
  return (r) => {
    if (r.clientAddress !== clientAddress || r.host !== host || r.method !== method || r.scheme !== scheme) {
      ({ clientAddress, method, scheme, host } = r);
      text = `,"clientAddress":"${clientAddress}","method":${quoted(method)},"scheme":"${scheme}","host":${quoted(host)}`;
    }
    return text;
  };
}

/** Beyond so many routes or endpoints the kept texts are made anew: a bound, not a goal. */
const MaxKept = 16_384;

function createRouteText(): Field {
  const kept = new Map<string, { listener: string; text: string }[]>();
  return (r) => {
    const rules = kept.get(r.route) ?? keep(kept, r.route, []);
    const known = rules[r.rule + 1];
    if (known !== undefined && known.listener === r.listener) return known.text;
    const text = `,"route":"${r.route}","rule":${r.rule},"listener":"${r.listener}"`;
    rules[r.rule + 1] = { listener: r.listener, text };
    return text;
  };
}

function createEndpointText(): Field {
  const kept = new Map<string, { cluster: string; text: string }>();
  return (r) => {
    const known = kept.get(r.endpoint);
    if (known !== undefined && known.cluster === r.cluster) return known.text;
    const text = `,"cluster":"${r.cluster}","endpoint":"${r.endpoint}"`;
    return keep(kept, r.endpoint, { cluster: r.cluster, text }).text;
  };
}

/** What policies say of the request; of most nothing. */
function createEndText(): Field {
  const textOf = (r: PolicyFields): string =>
    `,"identity":${quoted(r.identity)},"tenant":${quoted(r.tenant)},"authMethod":${quoted(r.authMethod)},"shadow":"${r.shadow}"}\n`;
  let { identity, tenant, authMethod, shadow }: PolicyFields = { identity: '', tenant: '', authMethod: '', shadow: '' };
  let text = textOf({ identity, tenant, authMethod, shadow });
  return (r) => {
    if (r.identity !== identity || r.tenant !== tenant || r.authMethod !== authMethod || r.shadow !== shadow) {
      ({ identity, tenant, authMethod, shadow } = r);
      text = textOf(r);
    }
    return text;
  };
}

type PolicyFields = Pick<AccessRecord, 'identity' | 'tenant' | 'authMethod' | 'shadow'>;

function keep<T>(kept: Map<string, T>, key: string, value: T): T {
  if (kept.size >= MaxKept) kept.clear();
  kept.set(key, value);
  return value;
}

function fieldOf(name: FieldName, redact: ReadonlySet<string>): Field {
  if (name === 'time') return createTime();
  if (redact.size === 0) return accessFields[name];
  if (name === 'query') return (r) => quoted(redactQuery(r.query, redact));
  // The only request header in the record.
  if (name === 'userAgent' && redact.has('user-agent')) return (r) => (r.userAgent === '' ? '""' : '"[redacted]"');
  return accessFields[name];
}

/** `?a=1&token=x` → `?a=1&token=[redacted]`. Names are compared decoded, since `%74oken` is the same parameter to a backend. */
export function redactQuery(query: string, names: ReadonlySet<string>): string {
  if (query.length < 2) return query;
  const parts = query.slice(1).split('&');
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i] ?? '';
    const equals = part.indexOf('=');
    if (equals >= 0 && names.has(decoded(part.slice(0, equals)))) parts[i] = `${part.slice(0, equals)}=[redacted]`;
  }
  return `?${parts.join('&')}`;
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name.replaceAll('+', ' ')).toLowerCase();
  } catch {
    return name.toLowerCase();
  }
}

// eslint-disable-next-line no-control-regex
const NeedsEscape = /[\u0000-\u001f"\\\u007f-\uffff]/;

/** As ASCII alone: lone surrogates and terminal escapes must not reach a log reader raw, and a line takes as many bytes as it has characters. */
function quoted(text: string): string {
  return NeedsEscape.test(text) ? JSON.stringify(text).replace(/[\u007f-\uffff]/g, escapeUnit) : `"${text}"`;
}

function escapeUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

/** For what only the gateway itself and object names put in: nothing of it needs an escape. */
function plain(text: string): string {
  return `"${text}"`;
}

/** RFC 3339 with milliseconds; the date part is made once a second. */
function createTime(): Field {
  let second = -1;
  let prefix = '';
  return ({ time }) => {
    const now = Math.floor(time / 1000);
    if (now !== second) {
      second = now;
      prefix = `"${new Date(now * 1000).toISOString().slice(0, 20)}`;
    }
    const ms = Math.floor(time) - now * 1000;
    return `${prefix}${ms < 10 ? '00' : ms < 100 ? '0' : ''}${ms}Z"`;
  };
}
