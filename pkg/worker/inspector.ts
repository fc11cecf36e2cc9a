/** Questions of the admin endpoints that another thread answers: numbered, and given up after a while. */
import type { DebugPage } from '../admin/server.ts';

export interface Inspector {
  ask(page: DebugPage): Promise<string>;
  answer(id: number, text: string): void;
}

const Patience = 5000;

export function createInspector(post: (id: number, page: DebugPage) => void): Inspector {
  const waiting = new Map<number, (text: string) => void>();
  let last = 0;
  return {
    ask(page) {
      const id = ++last;
      const { promise, resolve, reject } = Promise.withResolvers<string>();
      const timer = setTimeout(() => {
        waiting.delete(id);
        reject(new Error(`no answer in ${Patience / 1000} s`));
      }, Patience);
      waiting.set(id, (text) => {
        clearTimeout(timer);
        resolve(text);
      });
      post(id, page);
      return promise;
    },
    answer(id, text) {
      waiting.get(id)?.(text);
      waiting.delete(id);
    },
  };
}
