/** Jest transform: Node's own type stripping, so tests run exactly what the product runs, with unchanged line numbers. */
import { createHash } from 'node:crypto';
import { stripTypeScriptTypes } from 'node:module';

export default {
  canInstrument: false,
  getCacheKey: (source, path) =>
    createHash('sha1').update(process.version).update('\0').update(path).update('\0').update(source).digest('hex'),
  process: (source) => ({ code: stripTypeScriptTypes(source, { mode: 'strip' }) }),
};
