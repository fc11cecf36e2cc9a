/** The throw-away certificate that every proxy of the benchmark uses: ECDSA P-256, for *.bench.example. */
import { join } from 'node:path';

export const certificate = {
  chain: join(import.meta.dirname, 'certificate.pem'),
  key: join(import.meta.dirname, 'key.pem'),
} as const;
