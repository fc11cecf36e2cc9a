/** What the API server keeps its objects in, asked directly: for what happens while it is away. From inside the namespaces. */
import { Etcd } from './components.ts';

interface Answer {
  readonly header: { readonly revision: string };
  readonly deleted?: string;
}

/** @param path of a custom resource as the API server stores it: `gateway.networking.k8s.io/httproutes/shop/orders`. @throws if it is not there */
export async function deleteStored(path: string): Promise<void> {
  const key = Buffer.from(`/registry/${path}`).toString('base64');
  const { deleted = '0' } = await call('kv/deleterange', { key });
  if (deleted !== '1') throw new Error(`etcd holds no /registry/${path}`);
}

/** Forgets all history but the present: whoever wants to go on from an older resourceVersion is told that it is Gone. */
export async function compact(): Promise<void> {
  const { header } = await call('kv/range', { key: Buffer.from('/').toString('base64') });
  await call('kv/compaction', { revision: header.revision, physical: true });
}

async function call(method: string, body: object): Promise<Answer> {
  const response = await fetch(`${Etcd}/v3/${method}`, { method: 'POST', body: JSON.stringify(body) });
  if (!response.ok) throw new Error(`etcd ${method}: ${response.status} ${await response.text()}`);
  return (await response.json()) as Answer;
}
