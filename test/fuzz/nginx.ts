/** The second oracle: a real nginx of this run's own, on unix sockets in a folder of its own. Used by the request and the response part. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Nginx {
  readonly version: string;
  /** Answers each request with what it read: `X-Message: METHOD URI`, `X-Host`, `X-Length`, `X-Coding`, and the body as body. */
  readonly mirror: string;
  /** Proxies to `origin`, where the run listens. */
  readonly proxy: string;
  readonly origin: string;
  close(): Promise<void>;
}

/** @param mayInstall from the system's packages, where it is missing. @returns null where there is none: say so, it is "not run" */
export async function startNginx(mayInstall: boolean): Promise<Nginx | null> {
  const version = versionOf() ?? (mayInstall && install() ? versionOf() : null);
  if (version === null) return null;
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
  writeFileSync(join(folder, 'nginx.conf'), configuration(folder));
  const child = spawn('nginx', ['-p', folder, '-c', join(folder, 'nginx.conf'), '-e', join(folder, 'error.log')], {
    stdio: 'ignore',
  });
  const mirror = join(folder, 'mirror');
  try {
    await listens(mirror, child, join(folder, 'error.log'));
  } catch (error) {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return {
    version,
    mirror,
    proxy: join(folder, 'proxy'),
    origin: join(folder, 'origin'),
    async close() {
      if (child.exitCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function versionOf(): string | null {
  const { error, stderr } = spawnSync('nginx', ['-v'], { encoding: 'utf8' });
  return error === undefined ? (/nginx\/([\d.]+)/.exec(stderr)?.[1] ?? 'of unknown version') : null;
}

function install(): boolean {
  if (process.getuid?.() !== 0) return false;
  const { status } = spawnSync('apt-get', ['install', '-y', '-q', 'nginx'], {
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    stdio: 'ignore',
    timeout: 300_000,
  });
  return status === 0;
}

// One process, so that killing it leaves nothing behind. `$request_body` stands in the answer's body, since it may hold any byte.
function configuration(folder: string): string {
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${folder}/${name}-temp;`,
  );
  return `
daemon off; master_process off; pid ${folder}/pid; error_log ${folder}/error.log crit;
events { worker_connections 1024; }
http {
  access_log off; default_type text/plain; server_tokens off; merge_slashes off;
  ${temporary.join(' ')}
  client_header_buffer_size 32k; large_client_header_buffers 4 64k;
  client_body_buffer_size 64k; client_body_in_single_buffer on; client_max_body_size 0;
  keepalive_requests 100000000; keepalive_time 1d;
  upstream at { server unix:${folder}/at; keepalive 32; keepalive_requests 100000000; keepalive_time 1d; }
  server { listen unix:${folder}/at; return 200 '@'; }
  server {
    listen unix:${folder}/mirror;
    location / {
      proxy_pass http://at/; proxy_http_version 1.1; proxy_method GET;
      proxy_pass_request_headers off; proxy_pass_request_body off;
      proxy_set_header Host at; proxy_set_header Connection ''; proxy_set_header Content-Length '';
      add_header X-Message "$request_method $request_uri" always;
      add_header X-Host "$http_host"; add_header X-Length "$http_content_length"; add_header X-Coding "$http_transfer_encoding";
      sub_filter '@' '$request_body'; sub_filter_types *;
    }
  }
  upstream origin { server unix:${folder}/origin max_fails=0; }
  server {
    listen unix:${folder}/proxy;
    location / {
      proxy_pass http://origin; proxy_http_version 1.1; proxy_set_header Host origin; proxy_next_upstream off;
      proxy_ignore_headers X-Accel-Redirect X-Accel-Expires X-Accel-Limit-Rate X-Accel-Buffering X-Accel-Charset Expires Cache-Control Set-Cookie Vary;
      proxy_buffer_size 64k; proxy_buffers 8 64k;
    }
  }
}
`;
}

/** Until it accepts connections; ten seconds at most. */
async function listens(path: string, child: ChildProcess, log: string): Promise<void> {
  for (const giveUp = Date.now() + 10_000; Date.now() < giveUp; ) {
    if (child.exitCode !== null) throw new Error(`nginx does not start: ${readFileSync(log, 'utf8').slice(0, 500)}`);
    const socket = connect({ path });
    const accepted = await new Promise<boolean>((resolve) => {
      socket.once('connect', () => resolve(true));
      socket.once('error', () => resolve(false));
    });
    socket.destroy();
    if (accepted) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error('nginx does not listen after 10 s');
}
