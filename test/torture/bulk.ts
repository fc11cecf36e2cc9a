/** The bulk of a million requests: by wrk, which costs a fifth of a client in Node, or where that is missing by `traffic.ts`. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Scale } from './scenario.ts';
import type { Stage } from './stage.ts';

export interface Bulk {
  readonly client: 'wrk' | 'node';
  /** What went wrong, in words. */
  readonly failures: readonly string[];
  stop(): Promise<void>;
}

export interface BulkOptions {
  readonly port: number;
  readonly connections: number;
  /** Host of the origin that `bulk-origin-main.ts` is, for wrk; `traffic.ts` goes to the stage's origin behind a.example.com. */
  readonly host: string;
}

/** GET of two sizes, POST with a length and in chunks, by turns, as fast as it goes. Quick: always by `traffic.ts`, which checks every byte. */
export async function startBulk(stage: Stage, scale: Scale, options: BulkOptions): Promise<Bulk> {
  return scale === 'full' && hasWrk() ? byWrk(stage, options) : byTraffic(stage, options);
}

function byTraffic(stage: Stage, { port, connections }: BulkOptions): Bulk {
  const traffic = stage.traffic({ port, kept: connections, rate: 0 });
  return {
    client: 'node',
    get failures() {
      return traffic.failures.map(({ method, kind, status, code }) => `${method}: ${kind} ${status} ${code}`);
    },
    stop: () => traffic.stop(),
  };
}

const BurstSeconds = 4;

async function byWrk(stage: Stage, { port, connections, host }: BulkOptions): Promise<Bulk> {
  const script = join(stage.scratch, 'bulk.lua');
  await writeFile(script, lua(host));
  const argv = ['-t1', `-c${connections}`, `-d${BurstSeconds}s`, '--timeout', '10s', '-s', script];
  const life = new AbortController();
  const failures: string[] = [];
  const bursts = (async () => {
    // It knows a time only, no number of requests; each burst has connections of its own.
    while (!life.signal.aborted) {
      const child = spawn('wrk', [...argv, `http://127.0.0.1:${port}/`], { stdio: ['ignore', 'pipe', 'inherit'] });
      stage.defer(() => child.kill('SIGKILL'));
      let text = '';
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
      const [code] = (await once(child, 'close')) as [number | null];
      if (code !== 0) failures.push(`wrk ended with ${code}`);
      for (const line of text.match(/^.*(?:Socket errors|Non-2xx).*$/gm) ?? []) failures.push(`wrk: ${line.trim()}`);
      if (code !== 0) return;
    }
  })();
  return {
    client: 'wrk',
    failures,
    async stop() {
      life.abort();
      await bursts;
    },
  };
}

function hasWrk(): boolean {
  try {
    // None of its own options ends with 0.
    execFileSync('sh', ['-c', 'command -v wrk'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

function lua(host: string): string {
  return `
local headers = { ["Host"] = "${host}", ["User-Agent"] = "bulk", ["Accept"] = "*/*" }
local chunked = { ["Host"] = "${host}", ["Transfer-Encoding"] = "chunked" }
local body = string.rep("a request body ", 20)
local texts = {}
local turn = 0
function init()
  for i = 1, 100 do
    local path = "/bulk/" .. i .. "?turn=" .. i
    if i == 50 then texts[i] = wrk.format("GET", "/large/" .. i, headers)
    elseif i % 5 == 1 then texts[i] = wrk.format("POST", path, headers, body)
    elseif i % 10 == 3 then
      -- wrk would add a length to a body: this one is framed by hand.
      texts[i] = wrk.format("POST", path, chunked) .. string.format("%x\\r\\n%s\\r\\n0\\r\\n\\r\\n", #body, body)
    else texts[i] = wrk.format("GET", path, headers) end
  end
end
function request()
  turn = turn % #texts + 1
  return texts[turn]
end
`;
}
