import { runMain } from '@biplane/service-kit';
import { enroll, type EnrollmentPatience, type EnrollmentPlace } from '../features/enrollment/enrollment-client.js';

/** The start of a dedicated home as far as its pool's answer, in a process of its own: a suite reads how that one ends. */
export interface EnrollChildInput {
  readonly place: EnrollmentPlace;
  readonly patience: EnrollmentPatience;
}

const { place, patience } = JSON.parse(process.argv.at(-1) ?? '{}') as EnrollChildInput;
await runMain(async () => {
  const { homeId } = await enroll(place, { patience });
  process.stdout.write(`enrolled ${homeId}\n`);
});
process.exit();
