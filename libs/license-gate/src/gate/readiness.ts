/** How long a start waits for a broker before the licenses of the home database are enough. */
export const BROKER_WAIT_MS = 5_000;

export interface LicenseReading {
  /** Everything that stood in the topics at the start has been seen. */
  readonly hasReadAll: boolean;
  readonly hasBrokerAnswered: boolean;
  readonly runningMs: number;
  readonly licensesHeld: number;
}

/**
 * Requests may come once the topics are read. With no broker in sight a home that holds licenses serves from them; one that holds
 * none has nothing to serve from, and one whose broker answers must not decide by what may be outdated.
 */
export function mayServe(reading: LicenseReading): boolean {
  if (reading.hasReadAll) return true;
  return !reading.hasBrokerAnswered && reading.runningMs >= BROKER_WAIT_MS && reading.licensesHeld > 0;
}
