import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { envReference, runMain, writeReference } from '@biplane/service-kit';
import { AppModule, DOCS } from './app.module.js';
import { environmentSpec, type CoreEnvironment } from './environment.js';
import { reconcilerEnvironmentSpec } from './reconciler-environment.js';

// `--out docs/reference`: what is generated from the code. Nothing of the application is instantiated.
await runMain(async () => {
  const at = process.argv.indexOf('--out');
  const out = at === -1 ? undefined : process.argv[at + 1];
  if (out === undefined) throw new Error('--out needs the folder of the reference');
  // Only routes and declarations are read, so no value of the environment is ever looked at.
  const environment = { REGIONS: [] } as unknown as CoreEnvironment;
  const files = await writeReference({
    app: 'core-api',
    module: AppModule.forRoot(environment),
    docs: DOCS,
    environment: environmentSpec,
    out,
  });
  // Its second entry point serves no API: what it reads is all that there is to say.
  const ofReconciler = join(out, 'env.reconciler.example');
  writeFileSync(ofReconciler, envReference(reconcilerEnvironmentSpec));
  process.stdout.write(`${[...files, ofReconciler].join('\n')}\n`);
});
