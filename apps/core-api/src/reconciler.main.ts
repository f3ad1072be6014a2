import { bootstrap, loadEnv, runMain } from '@biplane/service-kit';
import { reconcilerEnvironmentSpec } from './reconciler-environment.js';
import { RECONCILER_DOCS, ReconcilerAppModule } from './reconciler-app.module.js';

// The only holder of credentials of the cluster. Any number of replicas: they take homes from one queue.
await runMain(async () => {
  const environment = loadEnv(reconcilerEnvironmentSpec);
  await bootstrap({
    module: ReconcilerAppModule.forRoot(environment),
    host: environment.HOST,
    port: environment.HTTP_PORT,
    docs: RECONCILER_DOCS,
  });
});
