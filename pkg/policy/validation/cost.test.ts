import { expect, test } from '@jest/globals';
import { run } from '../../testkit/exchange.ts';
import { createValidation } from './filter.ts';

// With 900 instructions the product is beyond 2^31: cut to 32 bits it is negative, and the pattern was free (34 s for one that is slow).
test('a pattern over megabytes is not checked for nothing', async () => {
  const filter = createValidation({
    schema: { properties: { text: { pattern: '^[xa]{0,450}' } } },
    methods: ['POST'],
    contentTypes: ['application/json'],
    maxSize: 16_000_000,
    allowEmpty: false,
  });
  const headers = { 'content-type': 'application/json' };
  const seen = await run(filter, { method: 'POST', headers, body: `{"text":"${'x'.repeat(3_000_000)}"}` });
  expect(seen.fieldErrors).toEqual([{ path: '', message: 'is too large or too deep to be checked' }]);
});
