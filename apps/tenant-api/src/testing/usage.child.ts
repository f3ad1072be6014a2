import { openDatabase } from '@biplane/service-kit';
import { homeClient } from '../database.js';
import { TestLicenses, UsageReplica } from './usage-rig.js';

/** A replica in a process of its own that takes one body of usage, so that a suite can kill it at a fault point. */
export interface UsageChildInput {
  readonly homeUrl: string;
  readonly homeId: string;
  readonly deploymentId: string;
  readonly now: string;
  readonly body: unknown;
}

const input = JSON.parse(process.argv.at(-1) ?? '{}') as UsageChildInput;
const clock = { now: () => new Date(input.now) };
const licenses = new TestLicenses(input.homeId, clock);
licenses.place('2026-03-01T00:00:00.000Z', 'Australia/Brisbane', input.deploymentId);
const replica = new UsageReplica({
  clock,
  unitOfWork: openDatabase({ url: input.homeUrl, clientFactory: homeClient }),
  homeId: input.homeId,
  licenses,
});
process.stdout.write(`${JSON.stringify(await replica.metrics.accept(input.body))}\n`);
process.exit(0);
