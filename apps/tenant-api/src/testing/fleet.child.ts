import { readFileSync } from 'node:fs';
import { createPublicKey } from 'node:crypto';
import { createClock, openDatabase } from '@biplane/service-kit';
import { homeClient } from '../database.js';
import { readTenantSchema } from '../features/tenancy/schema-folder.js';
import { FleetReplica } from './fleet-rig.js';

/** A replica in a process of its own that works on a run until it ends, so that a suite can kill it. */
export interface FleetChildInput {
  /** Holds the rest: licenses of many tenants are too much for an argument. */
  readonly file: string;
  readonly clockFile: string;
}

export interface FleetChildScene {
  readonly homeUrl: string;
  readonly provisionerUrl: string;
  readonly homeId: string;
  readonly runId: string;
  readonly schemaFolder: string;
  readonly fieldKey: string;
  readonly rootJwk: Record<string, string>;
  readonly records: readonly { topic: string; key: string; headers: Record<string, string>; value: string }[];
}

const input = JSON.parse(process.argv.at(-1) ?? '{}') as FleetChildInput;
const scene = JSON.parse(readFileSync(input.file, 'utf8')) as FleetChildScene;
const replica = new FleetReplica({
  clock: createClock(input.clockFile, 'test'),
  unitOfWork: openDatabase({ url: scene.homeUrl, clientFactory: homeClient, poolMax: 5 }),
  rootKey: createPublicKey({ key: scene.rootJwk, format: 'jwk' }),
  provisionerUrl: scene.provisionerUrl,
  homeId: scene.homeId,
  region: 'eu-1',
  fieldKey: Buffer.from(scene.fieldKey, 'base64'),
  schema: readTenantSchema(scene.schemaFolder),
});
for (const { topic, key, headers, value } of scene.records) {
  await replica.home.keeper.takeRecord({ topic, key: Buffer.from(key), headers, value: Buffer.from(value) });
}
// As the job does it, without its rests in between.
for (;;) {
  await replica.work(scene.runId);
  const run = await replica.fleet.find(scene.runId);
  if (run.state !== 'running') break;
  await new Promise((resolve) => setTimeout(resolve, 50));
}
process.exit(0);
