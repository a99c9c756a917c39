// The rules of the service and its tests. The n8n package (nodes/, credentials/) is judged by n8n's own, in eslint.config.mjs.
import js from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['**/dist/', '**/node_modules/', '**/*.mjs', '**/*.cjs', '**/package.json', '**/*.json'] },
  {
    files: ['**/*.ts'],
    extends: [js.configs.recommended, tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { project: new URL('./tsconfig.service.json', import.meta.url).pathname } },
    rules: {
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      '@typescript-eslint/no-unsafe-unary-minus': 'off', // takes a branded bigint for something else
      'no-control-regex': 'off', // control characters are what some of them are for
      '@typescript-eslint/require-await': 'off', // an interface may be asynchronous where one implementation is not
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-console': 'error',
    },
  },
);
