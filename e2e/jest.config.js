/** Scenarios on a real cluster: `make e2e`. One after another: they share its nodes. */
export default {
  rootDir: '..',
  testEnvironment: 'node',
  roots: ['<rootDir>/e2e/scenarios'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '<rootDir>/scripts/jest/strip-types.mjs' },
  reporters: ['default', '<rootDir>/scripts/jest/summary.mjs'],
  maxWorkers: 1,
  testTimeout: 180_000,
};
