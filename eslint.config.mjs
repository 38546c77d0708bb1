import tseslint from 'typescript-eslint';

const persistenceFiles = [
  'src/**/*.repository.ts',
  'src/**/*.entity.ts',
  'src/kernel/persistence/**',
  // Where the data source is made known to the container, and connected.
  'src/kernel/kernel.module.ts',
  'src/start/starter.ts',
  'src/migrations/**',
  'src/embedded-postgres/**',
  'ormconfig.ts',
];

export default tseslint.config(
  { ignores: ['dist/', 'node_modules/', '.authsome/', 'coverage/', 'bench/results/', 'src/pages/static/'] },
  {
    files: ['**/*.ts'],
    extends: [...tseslint.configs.recommended],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/await-thenable': 'error',
      '@typescript-eslint/consistent-type-imports': [
        'error',
        { fixStyle: 'inline-type-imports', disallowTypeAnnotations: false },
      ],
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      '@typescript-eslint/no-extraneous-class': 'off',
      'no-console': 'error',
    },
  },
  {
    // Decorated constructors need classes as values: Nest reads them from the emitted metadata.
    files: ['src/**/*.ts', 'test/**/*.ts'],
    rules: { '@typescript-eslint/consistent-type-imports': 'off' },
  },
  {
    files: ['src/**/*.ts'],
    ignores: persistenceFiles,
    rules: {
      'no-restricted-imports': [
        'error',
        {
          paths: [
            {
              name: 'typeorm',
              message: 'SQL lives in *.repository.ts and kernel/persistence.',
              allowTypeImports: true,
            },
          ],
        },
      ],
    },
  },
  { files: ['src/cli/**', 'scripts/**', 'bench/**', 'test/**'], rules: { 'no-console': 'off' } },
);
