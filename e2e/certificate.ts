/** Certificates of scenarios, made by openssl. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Manifest } from './kubectl.ts';
import { run } from './run.ts';

export interface KeyPair {
  readonly certificate: string;
  readonly key: string;
}

/** Self-signed, so it is an authority as well. */
export async function makeCertificate(host: string): Promise<KeyPair> {
  const folder = await mkdtemp(join(tmpdir(), 'e2e-certificate-'));
  try {
    const [certificate, key] = [join(folder, 'crt'), join(folder, 'key')];
    const algorithm = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2'];
    const names = ['-subj', `/CN=${host}`, '-addext', `subjectAltName=DNS:${host}`];
    await run('openssl', 'req', '-x509', ...algorithm, ...names, '-keyout', key, '-out', certificate);
    return { certificate: await readFile(certificate, 'utf8'), key: await readFile(key, 'utf8') };
  } finally {
    await rm(folder, { recursive: true });
  }
}

export function tlsSecret(name: string, { certificate, key }: KeyPair): Manifest {
  const stringData = { 'tls.crt': certificate, 'tls.key': key };
  return { apiVersion: 'v1', kind: 'Secret', type: 'kubernetes.io/tls', metadata: { name }, stringData };
}
