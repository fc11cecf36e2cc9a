/** What most feature tests need: a directory, the gateway that serves it, and short ways to ask both. */
import { startGateway, type TestGateway, type TestGatewayOptions } from '../../pkg/testkit/gateway.ts';
import { type Answer, send } from '../examples/request.ts';
import { createFolder, type Folder } from './folder.ts';
import { until } from './until.ts';

export interface AskOptions {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The request target, if the URL class would change it. */
  readonly path?: string;
}

interface Conditions {
  readonly conditions?: readonly { readonly type: string; readonly status: string; readonly reason: string }[];
}

interface Status extends Conditions {
  readonly parents?: readonly Conditions[];
  readonly listeners?: readonly (Conditions & { readonly name: string })[];
}

export interface Feature {
  readonly folder: Folder;
  readonly gateway: TestGateway;
  /** `http://a.example.com/x`: the port of the URL is that of the listener. */
  readonly ask: (url: string, options?: AskOptions) => Promise<Answer>;
  /** Asks until the status is this one: for what an edit leads to. */
  readonly becomes: (url: string, status: number, options?: AskOptions) => Promise<Answer>;
  /** `True Accepted`: a condition of an object, of its first parent or, with a name, of a listener; null if there is none. */
  readonly condition: (kind: string, name: string, type: string, listener?: string) => Promise<string | null>;
  readonly stop: () => Promise<void>;
}

export async function startFeature(
  files: Readonly<Record<string, string>>,
  options?: TestGatewayOptions,
): Promise<Feature> {
  const folder = await createFolder(files);
  const gateway = await startGateway(folder.path, options).catch(async (error: unknown) => {
    await folder[Symbol.asyncDispose]();
    throw error;
  });
  const ask: Feature['ask'] = (text, options) => {
    const url = new URL(text);
    const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port);
    return send(url, gateway.port(port), options);
  };
  return {
    folder,
    gateway,
    ask,
    becomes: (url, status, options) =>
      until(async () => {
        const answer = await ask(url, options);
        return answer.status === status && answer;
      }),
    async condition(kind, name, type, listener) {
      const page = JSON.parse(await gateway.page('/debug/statuses')) as {
        statuses: { kind: string; name: string; status: Status }[];
      };
      const status = page.statuses.find((each) => each.kind === kind && each.name === name)?.status;
      const holder =
        listener === undefined
          ? (status?.parents?.[0] ?? status)
          : status?.listeners?.find((each) => each.name === listener);
      const found = holder?.conditions?.find((condition) => condition.type === type);
      return found === undefined ? null : `${found.status} ${found.reason}`;
    },
    async stop() {
      await gateway.stop();
      await folder[Symbol.asyncDispose]();
    },
  };
}
