import { declareErrors } from '@biplane/kernel';

/** A record between the planes that cannot be read. The consumer dead-letters it (up) or counts and skips it (down). */
export const RecordErrors = declareErrors('RECORD', {
  NOT_A_CLOUD_EVENT: {
    status: 422,
    title: 'The record is not a CloudEvent',
    help: 'A record needs the headers ce_specversion, ce_id, ce_source, ce_type and ce_time.',
  },
  TYPE_UNKNOWN: {
    status: 422,
    title: 'The type of the record is not known',
    help: 'Update the consumer before the producer.',
  },
  VALUE_UNREADABLE: {
    status: 422,
    title: 'The value of the record is not JSON',
    help: 'See the dead-letter topic for its bytes.',
  },
  SCHEMA: { status: 422, title: 'The record does not follow its schema', help: 'See docs/reference/asyncapi.json.' },
});

/** What is wrong with usage as submitted, in both services. */
export const UsageErrors = declareErrors('USAGE', {
  BODY_UNREADABLE: {
    status: 400,
    title: 'The body is not usage',
    help: 'Send one CloudEvent as an object, or a list of CloudEvents.',
  },
  BATCH_TOO_LARGE: { status: 400, title: 'The batch is too large', help: 'Send at most 1,000 events at once.' },
  INVALID: {
    status: 422,
    title: 'The usage event is malformed',
    help: 'See the errors; other events of the batch are not affected.',
  },
});
