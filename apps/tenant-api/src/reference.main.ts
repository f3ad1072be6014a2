import { runMain, writeReference } from '@biplane/service-kit';
import { AppModule, DOCS } from './app.module.js';
import { documentedEnvironmentSpec, type TenantEnvironment } from './environment.js';

// `--out docs/reference`: what is generated from the code. Nothing of the application is instantiated.
await runMain(async () => {
  const at = process.argv.indexOf('--out');
  const out = at === -1 ? undefined : process.argv[at + 1];
  if (out === undefined) throw new Error('--out needs the folder of the reference');
  // Only routes and declarations are read, so no value of the environment is ever looked at.
  const environment = {} as TenantEnvironment;
  const files = await writeReference({
    app: 'tenant-api',
    module: AppModule.forRoot(environment),
    docs: DOCS,
    environment: documentedEnvironmentSpec,
    out,
  });
  process.stdout.write(`${files.join('\n')}\n`);
});
