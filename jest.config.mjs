// One configuration for every suite: specs run from source (the "@biplane/source" export condition), nothing is built first.
export default {
  testEnvironment: 'node',
  // Machines are shared: a test that hangs is cut here, a slow one is not.
  testTimeout: 120_000,
  testEnvironmentOptions: { customExportConditions: ['@biplane/source', 'node', 'node-addons'] },
  extensionsToTreatAsEsm: ['.ts'],
  testMatch: ['<rootDir>/{libs,apps,tools,prisma}/**/src/**/*.{spec,int-spec,e2e-spec}.ts'],
  modulePathIgnorePatterns: ['/dist/', '/.nx/', '/.biplane/'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: {
          parser: { syntax: 'typescript', decorators: true },
          transform: { legacyDecorator: true, decoratorMetadata: true, useDefineForClassFields: false },
          target: 'es2022',
        },
        module: { type: 'es6' },
      },
    ],
  },
};
