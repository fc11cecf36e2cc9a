/** Self-signed certificates for tests, made once and valid for a hundred years. */
import { readFileSync } from 'node:fs';
import type { Certificate } from '../ir/ir.ts';

/** `exact-*` and `rotated` are for a.example, `wildcard` for *.wild.example, `default` for default.example, `localhost` also for 127.0.0.1. */
export type TestCertificate = 'exact-ecdsa' | 'exact-rsa' | 'rotated' | 'wildcard' | 'default' | 'localhost';

export function testCertificates(): Readonly<Record<TestCertificate, Certificate>> {
  const file = new URL('testdata/certificates.json', import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as Record<TestCertificate, Certificate>;
}
