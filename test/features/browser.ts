/** What a browser does in a login: keeps cookies by host, follows redirects, sends forms. No scripts. */
import { request } from 'node:https';

export interface Page {
  readonly url: URL;
  readonly status: number;
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  readonly body: string;
}

export class Browser {
  /** host → name → value. Ports do not tell cookies apart (RFC 6265 8.5). */
  readonly cookies = new Map<string, Map<string, string>>();
  /** Every address that was visited. */
  readonly visited: string[] = [];
  readonly #ports: Readonly<Record<string, number>>;

  /** @param ports where hosts really are, whatever their addresses say (curl's `--connect-to`) */
  constructor(ports: Readonly<Record<string, number>> = {}) {
    this.#ports = ports;
  }

  /** Follows redirects to the end. */
  async open(address: string | URL, form?: Readonly<Record<string, string>>): Promise<Page> {
    let page = await this.ask(new URL(address), {}, form);
    for (let i = 0; i < 20 && page.status >= 300 && page.status < 400; i++)
      page = await this.ask(new URL(String(page.headers['location']), page.url));
    return page;
  }

  /** Sends the only form of a page. */
  submit(page: Page, fields: Readonly<Record<string, string>> = {}): Promise<Page> {
    const action = /<form[^>]* action="([^"]+)"/.exec(page.body)?.[1] ?? '';
    const hidden = [...page.body.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)"/g)];
    const values = Object.fromEntries(hidden.map(([, name = '', value = '']) => [name, value]));
    return this.open(new URL(action, page.url), { ...values, ...fields });
  }

  /** One request, as navigation unless headers say otherwise. */
  async ask(
    url: URL,
    headers: Readonly<Record<string, string>> = {},
    form?: Readonly<Record<string, string>>,
  ): Promise<Page> {
    this.visited.push(url.href);
    const body = form === undefined ? '' : new URLSearchParams(form).toString();
    const jar = this.cookies.get(url.hostname) ?? new Map<string, string>();
    const sent: Record<string, string> = {
      host: url.host,
      accept: 'text/html,*/*',
      'sec-fetch-mode': 'navigate',
      ...(jar.size > 0 && { cookie: [...jar].map(([name, value]) => `${name}=${value}`).join('; ') }),
      ...(form !== undefined && {
        'content-type': 'application/x-www-form-urlencoded',
        'content-length': String(body.length),
      }),
      ...headers,
    };
    const port = this.#ports[url.hostname] ?? Number(url.port);
    const page = await once(url, port, form === undefined ? 'GET' : 'POST', sent, body);
    this.#keep(url.hostname, jar, [page.headers['set-cookie'] ?? []].flat());
    return page;
  }

  #keep(host: string, jar: Map<string, string>, lines: readonly string[]): void {
    for (const line of lines) {
      const [pair = '', ...attributes] = line.split(';').map((part) => part.trim());
      const name = pair.slice(0, pair.indexOf('='));
      if (line.length > 4096) throw new Error(`no browser keeps the ${line.length} bytes of ${name}`);
      const ended = attributes.some((one) => /^max-age=0$/i.test(one) || /^expires=.*1970/i.test(one));
      if (ended) jar.delete(name);
      else jar.set(name, pair.slice(name.length + 1));
    }
    this.cookies.set(host, jar);
  }
}

function once(
  url: URL,
  port: number,
  method: string,
  headers: Readonly<Record<string, string>>,
  body: string,
): Promise<Page> {
  return new Promise((resolve, reject) => {
    const outgoing = request({
      host: '127.0.0.1',
      port,
      method,
      path: `${url.pathname}${url.search}`,
      headers,
      agent: false,
      servername: url.hostname,
      rejectUnauthorized: false,
    });
    outgoing.on('error', reject);
    outgoing.on('response', (response) => {
      let text = '';
      response.setEncoding('utf8');
      response.on('data', (part: string) => (text += part));
      response.on('error', reject);
      response.on('end', () =>
        resolve({ url, status: response.statusCode ?? 0, headers: response.headers, body: text }),
      );
    });
    outgoing.end(body);
  });
}
