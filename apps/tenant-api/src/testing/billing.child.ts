import { writeFileSync } from 'node:fs';
import { createPublicKey } from 'node:crypto';
import { openDatabase, SystemClock } from '@biplane/service-kit';
import { homeClient } from '../database.js';
import { BillingReplica } from './billing-replica.js';

/** A replica in a process of its own that bills, so that a suite can kill it or make it stand still. */
export interface BillingChildInput {
  readonly homeUrl: string;
  readonly provisionerUrl: string;
  readonly redisUrl: string;
  readonly homeId: string;
  readonly fieldKey: string;
  readonly rootJwk: Record<string, string>;
  readonly records: readonly { topic: string; key: string; headers: Record<string, string>; value: string }[];
  /** Works on the queue until it is killed, and writes this file once it does. */
  readonly announce?: string;
  /** Looks once at this deployment, and ends. */
  readonly look?: { readonly deploymentId: string; readonly epoch: number };
  /** Gives to the queue what is due, and ends. */
  readonly give?: boolean;
}

const input = JSON.parse(process.argv.at(-1) ?? '{}') as BillingChildInput;
const clock = new SystemClock();
const replica = new BillingReplica({
  ...{ clock, region: 'eu-1', provisionerUrl: input.provisionerUrl, homeId: input.homeId, redisUrl: input.redisUrl },
  unitOfWork: openDatabase({ url: input.homeUrl, clientFactory: homeClient, poolMax: 5 }),
  rootKey: createPublicKey({ key: input.rootJwk, format: 'jwk' }),
  fieldKey: Buffer.from(input.fieldKey, 'base64'),
});
for (const { topic, key, headers, value } of input.records) {
  await replica.home.keeper.takeRecord({ topic, key: Buffer.from(key), headers, value: Buffer.from(value) });
}
if (input.give) await replica.index.give(clock.now());
if (input.look) await replica.processor.process(input.look);
if (input.announce === undefined) process.exit(0);
replica.processor.onApplicationBootstrap();
writeFileSync(input.announce, 'working');
