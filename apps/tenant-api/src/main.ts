import { bootstrap, runMain } from '@biplane/service-kit';
import { AppModule, DOCS } from './app.module.js';
import { enrolledEnvironment } from './enrolled-environment.js';
import { loadHomeEnvironment } from './environment.js';

// Both HTTP listeners, the license reader, the outbox relay and the jobs: one process, any number of replicas.
await runMain(async () => {
  const loaded = loadHomeEnvironment();
  const environment = loaded.kind === 'shared' ? loaded.environment : await enrolledEnvironment(loaded.environment);
  await bootstrap({
    module: AppModule.forRoot(environment),
    host: environment.HOST,
    port: environment.HTTP_PORT,
    trustedProxies: environment.TRUSTED_PROXIES,
    internalPort: environment.INTERNAL_PORT,
    docs: DOCS,
  });
});
