const SHAPE = /^([a-z][a-z0-9_.]{0,63})(?::([1-9][0-9]{0,5}))?$/;

/** Parses `name` and `name:hit` entries, separated by commas; null when one is malformed. */
export function parseFaultPoints(text: string): Map<string, number> | null {
  const points = new Map<string, number>();
  for (const entry of text
    .split(',')
    .map((part) => part.trim())
    .filter(Boolean)) {
    const match = SHAPE.exec(entry);
    if (match === null) return null;
    points.set(match[1]!, Number(match[2] ?? '1'));
  }
  return points;
}

/** Empty in production, whatever the environment says: start-up refuses it there, and this is the second lock. */
export function faultPointsOfProcess(): Map<string, number> {
  if (process.env['NODE_ENV'] === 'production') return new Map();
  return parseFaultPoints(process.env['FAULT_POINTS'] ?? '') ?? new Map();
}
