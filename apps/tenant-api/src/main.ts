import { bootstrap, loadEnv, runMain } from '@biplane/service-kit';
import { AppModule, DOCS } from './app.module.js';
import { checkEnvironment, environmentSpec } from './environment.js';

// Both HTTP listeners, the license reader, the outbox relay and the jobs: one process, any number of replicas.
await runMain(async () => {
  const environment = loadEnv(environmentSpec);
  checkEnvironment(environment);
  await bootstrap({
    module: AppModule.forRoot(environment),
    host: environment.HOST,
    port: environment.HTTP_PORT,
    internalPort: environment.INTERNAL_PORT,
    docs: DOCS,
  });
});
