import type { LicenseClaims } from '../claims/claims.js';

/** Of these, the licenses of a plan or a home mostly say the same. */
const PARTS = ['modules', 'meters', 'featureFlags', 'plan', 'calendar', 'placement'] as const;
type Part = (typeof PARTS)[number];

interface Shared {
  readonly value: LicenseClaims[Part];
  holders: number;
}

/**
 * Keeps what many licenses say alike once: most of a document is its plan. Whoever lets go of a license releases it, so that nothing
 * stays which no license says any more.
 */
export class SharedParts {
  private readonly parts = new Map<string, Shared>();

  get size(): number {
    return this.parts.size;
  }

  /** The same document, with its common parts in common. */
  share(claims: LicenseClaims): LicenseClaims {
    const shared = Object.fromEntries(PARTS.map((part) => [part, this.hold(textOf(part, claims), claims[part])]));
    return { ...claims, ...shared };
  }

  release(claims: LicenseClaims): void {
    for (const part of PARTS) {
      const text = textOf(part, claims);
      const shared = this.parts.get(text);
      if (!shared) continue;
      shared.holders -= 1;
      if (shared.holders === 0) this.parts.delete(text);
    }
  }

  private hold(text: string, value: LicenseClaims[Part]): LicenseClaims[Part] {
    const shared = this.parts.get(text) ?? { value, holders: 0 };
    shared.holders += 1;
    this.parts.set(text, shared);
    return shared.value;
  }
}

const textOf = (part: Part, claims: LicenseClaims): string => `${part}:${JSON.stringify(claims[part])}`;
