/** What each policy adds to the way of one request through a worker, without sockets: the same head with its filters and without. */
import { Buffer } from 'node:buffer';
import { Head, scanResponse } from '../../pkg/http1/head.ts';
import { createFilter } from '../../pkg/policy/filters.ts';
import type { Call, CallResponse, Exchange, Phase } from '../../pkg/policy/runtime.ts';
import { encodeResponse, Response } from '../../pkg/proxy/response-head.ts';
import { createCompiler } from '../../pkg/routing/compile.ts';
import type { RuntimeRule, SocketTable } from '../../pkg/routing/table.ts';
import { testFilterEnv } from '../../pkg/testkit/filter-env.ts';
import { storeOf } from '../../pkg/testkit/golden.ts';
import { Memo } from '../../pkg/translate/memo.ts';
import { translate } from '../../pkg/translate/translate.ts';
import { bare, type PolicyCase, policyCases, policyHost, policyManifests } from '../policy-cases.ts';
import { activeToken } from '../policy-service-cases.ts';
import { createSite, type Site, siteRequests } from '../site.ts';
import { gatewayObjects } from '../targets/gateway.ts';
import type { Benchmark, Figure } from './benchmark.ts';
import { responseHead } from './heads.ts';
import { measure, measureAdded } from './measure.ts';
import { createRequest } from './rewrite.ts';
import { objectOf, options, received } from './translated.ts';

const group = 'policies, added to a request';

export async function measurePolicies(rounds: number): Promise<readonly Figure[]> {
  const cases = policyCases({ authorizer: 9, introspection: 9 });
  const site = siteOf(cases);
  const table = await tableOf(site, cases);
  const figures: Figure[] = [];
  for (const each of cases) {
    if (each.name === 'bare-with-token' || each.json !== undefined || each.waits === true) continue;
    const plain = passage(`${each.name}, head of its request without policies`, each, [], []);
    if (each.name === bare) {
      figures.push(
        measure({ ...plain, name: 'a request without policies: read, encoded, its response encoded' }, rounds),
      );
      continue;
    }
    const rule = ruleOf(table, each);
    const filtered = passage(each.name, each, rule.onRequest ?? [], rule.onResponse ?? []);
    await filtered.remember();
    figures.push(measureAdded(plain, filtered, rounds));
  }
  return figures;
}

function siteOf(cases: readonly PolicyCase[]): Site {
  return { ...createSite(0, 1), hosts: cases.map(({ name }) => policyHost(name)) };
}

async function tableOf(site: Site, cases: readonly PolicyCase[]): Promise<SocketTable> {
  const objects = [...(await gatewayObjects(site, 9)), ...policyManifests(cases)].map(objectOf);
  const { ir } = translate(storeOf(objects).snapshot(), options, new Memo());
  // Passwords are compared by the services thread, once, and services are asked once.
  const env = testFilterEnv({ ask: () => true, call: answer });
  const compiler = createCompiler({ filter: (filter, secret) => createFilter(filter, { ...env, secret }) });
  const [table] = compiler.compile(1, received(ir)).sockets.values();
  if (table === undefined) throw new Error('there is no socket');
  return table;
}

function answer({ method }: Call): CallResponse {
  const headers = new Map([['x-request-cost', ['12']]]);
  return { status: 200, headers, body: Buffer.from(method === 'POST' ? activeToken : '') };
}

function ruleOf(table: SocketTable, { name }: PolicyCase): RuntimeRule {
  const nothing = (): undefined => undefined;
  const rule = table.find(
    { method: 'GET', host: policyHost(name), path: '/p00/200', header: nothing, queryParam: nothing, cookie: nothing },
    null,
  );
  if (typeof rule !== 'object') throw new Error(`${name} has no rule`);
  if (rule.onRequest === null && rule.onResponse === null) throw new Error(`${name} has no filter`);
  return rule;
}

interface Passage extends Benchmark {
  /** Once, with time for what waits: afterwards it is cached. */
  remember(): Promise<void>;
}

function passage(name: string, each: PolicyCase, onRequest: readonly Phase[], onResponse: readonly Phase[]): Passage {
  const bytes = Buffer.from(siteRequests(siteOf([each]), { ...each, answer: 200 })[0]!.text, 'latin1');
  const { request, read } = createRequest();
  const response = new Response();
  const responded = new Head();
  const out = Buffer.alloc(16_384);
  const date = (): string => 'Thu, 01 Jan 1970 00:00:00 GMT';
  const exchange = {
    request,
    response,
    connection: each.certificate === undefined ? request.peer : { clientCertificate: each.certificate },
    signal: AbortSignal.any([]),
    matchedPrefix: '/p00/',
    identity: null,
    answered: false,
    deny(code: string) {
      throw new Error(`${name} refused the request: ${code}`);
    },
  } as unknown as Exchange;
  const waited = (phases: readonly Phase[]): readonly Promise<void>[] =>
    phases.flatMap((phase) => phase(exchange) ?? []);
  const respond = (): void => {
    scanResponse(responseHead, 0, responseHead.length, responded);
    response.receive(200, responseHead, responded, 200, request);
  };
  return {
    group,
    name,
    async remember() {
      read(bytes);
      await Promise.all(waited(onRequest));
    },
    run(count) {
      let sum = 0;
      for (let i = 0; i < count; i++) {
        read(bytes);
        exchange.identity = null;
        for (let k = 0; k < onRequest.length; k++) {
          if (onRequest[k]!(exchange) !== undefined) throw new Error(`${name} is not cached`);
        }
        sum += request.encode(out, 0);
        respond();
        for (let k = 0; k < onResponse.length; k++) void onResponse[k]!(exchange);
        sum += encodeResponse(response, out, 0, date);
      }
      return sum;
    },
  };
}
