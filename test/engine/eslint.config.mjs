import test from '../eslint.config.mjs';

// Its own TypeScript configuration: the engine's types are in .n8n/ once it is installed.
export default [
  ...test,
  {
    files: ['**/*.ts'],
    languageOptions: { parserOptions: { project: new URL('./tsconfig.json', import.meta.url).pathname } },
  },
];
