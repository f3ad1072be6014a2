const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** 74 bits of a version 7 UUID are random: ten bytes, of which six bits give way to version and variant. */
const RANDOM_BYTES = 10;
const MAX_MILLIS = 2 ** 48;

/** Lower case, since PostgreSQL prints it so and ids are compared as strings. */
export function isUuid(text: string): boolean {
  return UUID.test(text);
}

/**
 * A version 7 UUID (RFC 9562): 48 bits of milliseconds, then randomness, so that ids sort roughly by creation.
 * `random` needs at least ten bytes of a cryptographic source.
 */
export function uuidv7(now: Date, random: Uint8Array): string {
  const millis = now.getTime();
  if (!(millis >= 0 && millis < MAX_MILLIS)) throw new RangeError('uuidv7: the instant is outside 48 bits');
  if (random.length < RANDOM_BYTES) throw new RangeError(`uuidv7: needs ${RANDOM_BYTES} random bytes`);

  const tail = Array.from(random.subarray(0, RANDOM_BYTES));
  tail[0] = 0x70 | (tail[0]! & 0x0f); // version 7
  tail[2] = 0x80 | (tail[2]! & 0x3f); // variant 10
  const hex = millis.toString(16).padStart(12, '0') + tail.map((byte) => byte.toString(16).padStart(2, '0')).join('');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
