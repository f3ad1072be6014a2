/** What is known of one attachment: half-open, open while it holds. */
export interface Attachment {
  readonly code: string;
  readonly attachedAt: Date;
  readonly detachedAt: Date | null;
}

export function attachedNow<A extends Attachment>(addons: readonly A[], code: string): A | undefined {
  return addons.find((addon) => addon.code === code && addon.detachedAt === null);
}

/**
 * When the next attachment of an add-on begins, or the present one ends: now, but never before what is recorded of it, so
 * that its stretches follow each other even when the clocks of two replicas differ by a little.
 */
export function nextInstant(addons: readonly Attachment[], code: string, now: Date): Date {
  const known = addons
    .filter((addon) => addon.code === code)
    .map(({ attachedAt, detachedAt }) => Math.max(attachedAt.getTime() + 1, detachedAt?.getTime() ?? 0));
  return new Date(Math.max(now.getTime(), ...known));
}
