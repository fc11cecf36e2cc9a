/** Forbidden: a filter loads a translator. */
export * as translate from './translate.ts';
