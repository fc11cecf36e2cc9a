/** One request to an address of the cluster. */
import { request } from 'node:http';
import { text } from 'node:stream/consumers';

export interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

/** On a connection of its own. @param url names the address; @param headers with `host` */
export function ask(url: string, headers: Readonly<Record<string, string>> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const outgoing = request(url, { headers, agent: false, timeout: 5000 }, (response) => {
      text(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        (error: unknown) => reject(error instanceof Error ? error : new Error(String(error))),
      );
    });
    outgoing.on('timeout', () => outgoing.destroy(new Error(`${url}: no answer in 5 s`)));
    outgoing.on('error', reject);
    outgoing.end();
  });
}
