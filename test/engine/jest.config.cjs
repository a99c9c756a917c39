const everyday = require('../../jest.config.cjs');

const ENGINE = '<rootDir>/test/engine/.n8n/node_modules';

/**
 * The tests in n8n's own engine. `npm run test:engine` installs it and runs them.
 * @type {import('jest').Config}
 */
module.exports = {
  ...everyday,
  rootDir: '../..',
  roots: ['<rootDir>/test/engine'],
  testMatch: ['<rootDir>/test/engine/*.test.ts'],
  testPathIgnorePatterns: ['/node_modules/'],
  modulePathIgnorePatterns: ['<rootDir>/dist/', '<rootDir>/test/engine/.n8n/package.json'],
  modulePaths: [ENGINE],
  // The nodes and the engine must share one n8n-workflow, as they do in n8n: an error of the one is an error of the other.
  // ES modules only, which this jest cannot require: the Slack node's HTML clean-up.
  transform: {
    ...everyday.transform,
    '/sanitize-html/node_modules/.+\\.js$': ['@swc/jest', { module: { type: 'commonjs' } }],
  },
  transformIgnorePatterns: ['^(?!.*/sanitize-html/node_modules/).*/node_modules/'],
  moduleNameMapper: { '^n8n-workflow$': `${ENGINE}/n8n-workflow` },
  setupFiles: ['<rootDir>/test/engine/n8n/environment.ts'],
  testTimeout: 60_000,
};
