/**
 * The everyday tests: everything but the slow suites, which have commands of their own.
 * @type {import('jest').Config}
 */
module.exports = {
  testMatch: ['<rootDir>/test/**/*.test.ts'],
  testPathIgnorePatterns: [
    '/node_modules/',
    '<rootDir>/dist/',
    '\\.slow\\.test\\.ts$',
    '<rootDir>/test/(e2e|engine|browser|faults)/',
  ],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/test/engine/'],
  transform: {
    '\\.ts$': [
      '@swc/jest',
      { jsc: { parser: { syntax: 'typescript' }, target: 'es2022' }, module: { type: 'commonjs' } },
    ],
  },
  globalSetup: '<rootDir>/test/setup/start-postgres.ts',
  globalTeardown: '<rootDir>/test/setup/stop-postgres.ts',
  testTimeout: 30_000,
  maxWorkers: '100%', // each waits for its database most of the time
};
