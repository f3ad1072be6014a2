/** A change of a deployment's state, as far as it matters here. */
export interface StateChange {
  readonly to: string;
  readonly at: Date;
}

const HELD = new Set(['paused', 'suspended']);

/** Since when a deployment is paused or suspended without a break; null when it is neither. Changes in their order. */
export function suspendedSince(changes: readonly StateChange[]): Date | null {
  let since: Date | null = null;
  for (const { to, at } of changes) {
    if (!HELD.has(to)) since = null;
    else since ??= at;
  }
  return since;
}
