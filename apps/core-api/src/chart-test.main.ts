import { loadEnv, runMain } from '@biplane/service-kit';
import { CoreApi } from './chart-test/core-api.js';
import { chartTestEnvironmentSpec } from './chart-test/environment.js';
import { proveRoundTrip } from './chart-test/round-trip.js';

// `helm test`: a client of core-api like any other, in the image that is already there. It reads no database and no topic.
await runMain(async () => {
  const env = loadEnv(chartTestEnvironmentSpec);
  const core = new CoreApi(env.CORE_API_URL, { id: env.CLIENT_ID, secret: env.CLIENT_SECRET });
  await proveRoundTrip(core, {
    regions: env.REGIONS,
    plan: env.PROBE_PLAN,
    slug: env.PROBE_SLUG,
    timeoutMs: env.TIMEOUT_SECONDS * 1000,
    say: (line) => process.stdout.write(`${line}\n`),
  });
});
