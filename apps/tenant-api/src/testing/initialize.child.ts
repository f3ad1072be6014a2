import { createPublicKey } from 'node:crypto';
import { openDatabase, SystemClock } from '@biplane/service-kit';
import { homeClient } from '../database.js';
import { HomeReplica } from './home-rig.js';

/** A replica in a process of its own that initializes one deployment, so that a suite can kill it at a fault point. */
export interface ChildInput {
  readonly homeUrl: string;
  readonly provisionerUrl: string;
  readonly homeId: string;
  readonly deploymentId: string;
  readonly fieldKey: string;
  readonly rootJwk: Record<string, string>;
  /** Value and headers of the two records that it reads. */
  readonly records: readonly { topic: string; key: string; headers: Record<string, string>; value: string }[];
}

const input = JSON.parse(process.argv.at(-1) ?? '{}') as ChildInput;
const replica = new HomeReplica({
  clock: new SystemClock(),
  unitOfWork: openDatabase({ url: input.homeUrl, clientFactory: homeClient }),
  rootKey: createPublicKey({ key: input.rootJwk, format: 'jwk' }),
  provisionerUrl: input.provisionerUrl,
  homeId: input.homeId,
  region: 'eu-1',
  fieldKey: Buffer.from(input.fieldKey, 'base64'),
});
for (const { topic, key, headers, value } of input.records) {
  await replica.keeper.takeRecord({ topic, key: Buffer.from(key), headers, value: Buffer.from(value) });
}
await replica.tenancy.initialize(input.deploymentId);
process.stdout.write('initialized\n');
process.exit(0);
