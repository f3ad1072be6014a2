export { MeterErrors, UsageIntakeErrors } from './metering.errors.js';
export {
  AGE_MS_MAX,
  contentOf,
  FUTURE_MS_MAX,
  judge,
  keyOf,
  type MeteredDeployment,
  type Reading,
  type SubmittedEvent,
} from './judging/reading.js';
export { firstOfEach, standings, type HashedReading, type Standing, type StoredEvent } from './judging/repeats.js';
export { ownReading, type OwnUsage } from './judging/own-reading.js';
export { WindowCutter } from './judging/window-cutter.js';
export { UsageIntake, type UsageIntakeOptions } from './intake/usage-intake.js';
export { answerOf, type UsageAnswer, type UsageResult } from './intake/usage-answer.js';
export { lockConfirmations } from './intake/confirmation.js';
export { EventStore, type TakenEvents, type WindowAddition } from './intake/event-store.js';
