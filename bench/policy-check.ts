/** Whether each policy is in force: one that is not would cost little. */
import { once } from 'node:events';
import { type IncomingMessage, request as send } from 'node:http';
import { text } from 'node:stream/consumers';
import { type PolicyCase, policyHost } from './policy-cases.ts';
import type { Running } from './targets/target.ts';

/** A request on which the policy shows. */
export interface Proof {
  /** Default: GET. */
  readonly method?: string;
  /** Default: `/p00/10`. */
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Client's address on loopback. */
  readonly from?: string;
  /** Stands in the answer: status, fields in lower case, body. */
  readonly shows: string;
}

/** @returns what is wrong, a sentence each */
export async function checkPolicies(running: Running, cases: readonly PolicyCase[]): Promise<readonly string[]> {
  const faults: string[] = [];
  for (const { name, proof } of cases) {
    const answer = await ask(running, policyHost(name), proof);
    if (!answer.includes(proof.shows)) faults.push(`${name} is not in force: ${JSON.stringify(answer.slice(0, 200))}`);
  }
  return faults;
}

async function ask({ plainPort }: Running, host: string, proof: Proof): Promise<string> {
  const { method = 'GET', path = '/p00/10', headers = {}, body, from } = proof;
  const request = send({
    host: '127.0.0.1',
    port: plainPort,
    method,
    path,
    headers: { host, ...headers },
    agent: false,
    ...(from !== undefined && { localAddress: from }),
  });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const fields = Object.entries(response.headers).map(([field, value]) => `${field}: ${String(value)}\n`);
  return `${response.statusCode}\n${fields.join('')}\n${await text(response)}`;
}
