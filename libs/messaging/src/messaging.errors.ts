import { declareErrors } from '@biplane/kernel';
import type { ConsumedRecord } from './consume/consumed-batch.js';

export const OutboxErrors = declareErrors('OUTBOX', {
  FULL: {
    status: 503,
    title: 'Too much waits to be sent',
    help: 'The broker has been away for long and the outbox reached its limit. Try again once it is back.',
  },
});

/**
 * A record that can never be processed, however often it is tried: it goes to the dead-letter topic with this reason.
 * Anything else that a handler throws is taken for a passing trouble, and blocks the record's partition until it is over.
 */
export class PermanentRecordError extends Error {
  override readonly name = 'PermanentRecordError';

  constructor(
    readonly reason: string,
    /** Which record of the batch; when absent the batch is tried record by record to find out. */
    readonly record?: Pick<ConsumedRecord, 'offset'>,
  ) {
    super(reason);
  }
}

/** Topics that are not as contracts say: a service that sees this refuses to run. */
export class TopicConfigurationError extends Error {
  override readonly name = 'TopicConfigurationError';

  constructor(readonly differences: readonly string[]) {
    super(`Topics are not configured as they must be:\n  ${differences.join('\n  ')}`);
  }
}
