import { expect, test } from '@jest/globals';
import { reportDropped } from './dropped-values.ts';

test('every value is counted, the first of a place is logged', () => {
  const counted: string[] = [];
  const logged: unknown[] = [];
  const log = {
    info: (fields: object, message: string) => void logged.push(['info', fields, message]),
    warn: (fields: object, message: string) => void logged.push(['warn', fields, message]),
  };
  const telemetry = { valueDropped: (...labels: readonly string[]) => void counted.push(labels.join(' ')) };
  const dropped = reportDropped({ kind: 'transform' }, telemetry, log);
  for (let i = 0; i < 3; i++) dropped('request header X-User', 'failed');
  for (let i = 0; i < 2; i++) dropped('request header X-User', 'invalid');
  // Another configuration.
  reportDropped({ kind: 'transform', mode: 'Shadow' }, telemetry, log)('request header X-User', 'failed');
  expect(counted).toEqual([
    ...Array<string>(3).fill('transform Enforce failed'),
    ...Array<string>(2).fill('transform Enforce invalid'),
    'transform Shadow failed',
  ]);
  const fields = { policy: 'transform', mode: 'Enforce', place: 'request header X-User' };
  expect(logged).toEqual([
    ['info', fields, expect.stringContaining('its expression gave none')],
    ['warn', fields, expect.stringContaining('may not stand there')],
    ['info', { ...fields, mode: 'Shadow' }, expect.any(String)],
  ]);
});
