import { createPublicKey } from 'node:crypto';
import { openDatabase, SystemClock } from '@biplane/service-kit';
import { homeClient } from '../database.js';
import { PurgingReplica } from './purge-rig.js';

/** A replica of a pool in a process of its own that enrolls one home, or removes one deployment, so that a suite can kill it. */
export interface PoolChildInput {
  readonly homeUrl: string;
  readonly provisionerUrl: string;
  readonly redisUrl: string;
  readonly homeId: string;
  readonly fieldKey: string;
  readonly rootJwk: Record<string, string>;
  readonly records: readonly { topic: string; key: string; headers: Record<string, string>; value: string }[];
  readonly enroll?: { readonly homeId: string; readonly deploymentId: string; readonly token: string };
  readonly purge?: string;
}

const input = JSON.parse(process.argv.at(-1) ?? '{}') as PoolChildInput;
const { homeUrl, provisionerUrl, redisUrl, homeId, enroll, purge } = input;
const replica = new PurgingReplica({
  clock: new SystemClock(),
  unitOfWork: openDatabase({ url: homeUrl, clientFactory: homeClient }),
  rootKey: createPublicKey({ key: input.rootJwk, format: 'jwk' }),
  region: 'eu-1',
  fieldKey: Buffer.from(input.fieldKey, 'base64'),
  ...{ provisionerUrl, redisUrl, homeId },
});
for (const { topic, key, headers, value } of input.records) {
  await replica.replica.keeper.takeRecord({ topic, key: Buffer.from(key), headers, value: Buffer.from(value) });
}
if (enroll) await replica.enrollment.enroll(enroll, enroll.token);
if (purge !== undefined) await replica.purge.purge(purge);
process.stdout.write('done\n');
process.exit(0);
