export default {
  testEnvironment: 'node',
  roots: ['<rootDir>/pkg', '<rootDir>/cmd', '<rootDir>/test', '<rootDir>/scripts', '<rootDir>/e2e/conformance'],
  testMatch: ['**/*.test.ts'],
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': '<rootDir>/scripts/jest/strip-types.mjs' },
  reporters: ['default', '<rootDir>/scripts/jest/summary.mjs'],
  workerIdleMemoryLimit: '1GB',
  testTimeout: 20_000,
};
