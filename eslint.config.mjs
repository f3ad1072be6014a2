// The first boundary gate and the few style rules that catch bugs. The second gate is .dependency-cruiser.mjs.
// Run it through `nx lint`: without a project graph @nx/enforce-module-boundaries passes everything in silence.
import nx from '@nx/eslint-plugin';
import tseslint from 'typescript-eslint';
import biplane from './tools/checks/eslint/plugin.mjs';
import { domainExceptions, projects, workspaceRoot } from './tools/checks/eslint/places.mjs';

// With what they share: src/spec-support of a library, src/testing of an app.
const specs = ['**/*.spec.ts', '**/*.int-spec.ts', '**/*.e2e-spec.ts', '**/src/{spec-support,testing}/**/*.ts'];
const sources = (root) => `${root}/**/*.ts`;

/** Which project may depend on which. A spec may also use the test kit. */
const constraints = ({ spec, domainPackages = [] }) => {
  const testing = spec ? ['type:testing'] : [];
  const specPackages = spec ? ['@jest/globals', 'fast-check', 'decimal.js'] : [];
  return [
    {
      sourceTag: 'plane:control',
      onlyDependOnLibsWithTags: ['plane:control', 'plane:shared'],
      notDependOnLibsWithTags: ['plane:data'],
    },
    {
      sourceTag: 'plane:data',
      onlyDependOnLibsWithTags: ['plane:data', 'plane:shared'],
      notDependOnLibsWithTags: ['plane:control'],
    },
    { sourceTag: 'plane:shared', onlyDependOnLibsWithTags: ['plane:shared'] },
    {
      sourceTag: 'type:app',
      onlyDependOnLibsWithTags: ['type:domain', 'type:contracts', 'type:infra', 'type:persistence', ...testing],
    },
    { sourceTag: 'type:infra', onlyDependOnLibsWithTags: ['type:domain', 'type:contracts', 'type:infra', ...testing] },
    { sourceTag: 'type:persistence', onlyDependOnLibsWithTags: ['type:domain', ...testing] },
    { sourceTag: 'type:contracts', onlyDependOnLibsWithTags: ['type:domain', 'type:contracts', ...testing] },
    {
      sourceTag: 'type:domain',
      onlyDependOnLibsWithTags: ['type:domain', ...testing],
      allowedExternalImports: [...domainPackages, ...specPackages],
    },
    {
      sourceTag: 'type:testing',
      onlyDependOnLibsWithTags: ['type:domain', 'type:contracts', 'type:infra', 'type:testing'],
    },
    {
      sourceTag: 'type:tool',
      onlyDependOnLibsWithTags: ['type:domain', 'type:contracts', 'type:infra', 'type:testing', 'type:tool'],
    },
  ];
};
const boundaries = (options) => ({
  '@nx/enforce-module-boundaries': [
    'error',
    {
      allow: [],
      banTransitiveDependencies: true,
      depConstraints: constraints(options),
      // The libraries' own specs use the test kit, which is built on them; product code cannot close this circle (type:testing).
      ignoredCircularDependencies: [
        ['service-kit', 'testing'],
        ['messaging', 'testing'],
        ['contracts', 'testing'],
        ['licensing', 'testing'],
        ['kernel', 'testing'],
      ],
    },
  ],
});

export default [
  { ignores: ['**/node_modules/**', '**/dist/**', '**/generated/**', '.nx/**', '.biplane/**', '**/*.mjs'] },
  {
    files: ['**/*.ts'],
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    languageOptions: { parser: tseslint.parser, parserOptions: { tsconfigRootDir: workspaceRoot } },
    plugins: { '@nx': nx, '@typescript-eslint': tseslint.plugin, biplane },
    rules: {
      ...boundaries({ spec: false }),
      ...Object.fromEntries(Object.keys(biplane.rules).map((rule) => [`biplane/${rule}`, 'error'])),
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/ban-ts-comment': [
        'error',
        { 'ts-expect-error': 'allow-with-description', 'ts-ignore': true, 'ts-nocheck': true },
      ],
      '@typescript-eslint/no-require-imports': 'error',
      'require-atomic-updates': ['error', { allowProperties: true }],
      'no-restricted-syntax': [
        'error',
        {
          selector: 'AssignmentExpression[operator=/^(\\+|-|\\*|\\/)=$/] > AwaitExpression.right',
          message: 'The left side is read before the await: what changed meanwhile is lost. Await first, then add.',
        },
        {
          selector:
            "CallExpression[callee.name='generateKeyPairSync']:not(:has(Property[key.name='privateKeyEncoding'])):not(:has(SpreadElement))",
          message:
            'Keys that Node hands out as objects can stop the thread for ever (createKeyPair of licensing says why): ask for their encodings.',
        },
      ],
      eqeqeq: ['error', 'always', { null: 'ignore' }],
      'no-var': 'error',
      'prefer-const': 'error',
      'no-empty': 'error',
    },
  },
  // A suite's set-up assigns what its tests share; Jest runs it alone.
  { files: specs, rules: { ...boundaries({ spec: true }), 'require-atomic-updates': 'off' } },
  ...Object.entries(domainExceptions).flatMap(([root, domainPackages]) => [
    { files: [sources(root)], rules: boundaries({ spec: false, domainPackages }) },
    { files: specs.map((pattern) => `${root}/${pattern}`), rules: boundaries({ spec: true, domainPackages }) },
  ]),
  // Lost promises are lost usage: these rules need types, so each project names the one program that it is linted with.
  ...projects.map(({ root }) => ({
    files: [sources(root)],
    languageOptions: { parserOptions: { project: [`${root}/tsconfig.spec.json`] } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
    },
  })),
];
