import { err, ok, type Result } from '@biplane/kernel';
import { fromCloudEvent, type CloudEvent, type HeaderValue } from '../cloud-events/binary-mode.js';
import { RecordErrors } from '../contracts.errors.js';
import { compile, firstDetail, parseJson, type Check } from '../schema/validate.js';
import { recordSchemas, type RecordName, type RecordOf } from './records.js';
import { recordNameOf } from './record-types.js';

const checks = Object.fromEntries(
  Object.entries(recordSchemas).map(([name, schema]) => [name, compile<unknown>(schema)]),
) as Record<RecordName, Check<unknown>>;

/** The value of a record of a known kind. */
export function parseRecord<N extends RecordName>(name: N, bytes: string | Uint8Array): Result<RecordOf<N>> {
  const json = parseJson(bytes);
  if (!json)
    return err(RecordErrors.VALUE_UNREADABLE({ detail: `The value of a ${name} is not JSON of at most 1 MiB` }));
  const checked = checks[name](json.value);
  if (checked.ok) return ok(checked.value as RecordOf<N>);
  return err(RecordErrors.SCHEMA({ detail: `${name}: ${firstDetail(checked.error)}`, errors: checked.error }));
}

/** Any record between the planes, told apart by `name`. */
export type PlaneEvent = {
  [N in RecordName]: { readonly name: N; readonly event: CloudEvent; readonly data: RecordOf<N> };
}[RecordName];

/** A Kafka record as it came: its headers name the kind, its value is checked against that kind's schema. */
export function parsePlaneEvent(
  headers: Readonly<Record<string, HeaderValue>>,
  value: string | Uint8Array,
): Result<PlaneEvent> {
  const event = fromCloudEvent(headers);
  if (!event.ok) return event;
  const name = recordNameOf(event.value.type);
  if (!name)
    return err(RecordErrors.TYPE_UNKNOWN({ detail: `The type ${event.value.type.slice(0, 100)} is not known` }));
  const data = parseRecord(name, value);
  return data.ok ? ok({ name, event: event.value, data: data.value } as PlaneEvent) : data;
}
