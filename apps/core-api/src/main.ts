import { connectKafka, KafkaTransport } from '@biplane/messaging';
import { bootstrap, loadEnv, runMain } from '@biplane/service-kit';
import { AppModule, DOCS } from './app.module.js';
import { environmentSpec } from './environment.js';
import { redirectSourcePaths } from './source-paths.redirects.js';

// HTTP, the consumers of the topics up, the outbox relay and the jobs: one process, any number of replicas.
await runMain(async () => {
  const environment = loadEnv(environmentSpec);
  await bootstrap({
    module: AppModule.forRoot(environment),
    host: environment.HOST,
    port: environment.HTTP_PORT,
    trustedProxies: environment.TRUSTED_PROXIES,
    docs: DOCS,
    beforeListen: async (app) => {
      redirectSourcePaths(app);
      connectKafka(app, app.get(KafkaTransport));
      await app.startAllMicroservices();
    },
  });
});
