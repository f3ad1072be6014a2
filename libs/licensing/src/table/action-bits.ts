import { literal } from '../decision/literal.js';

/**
 * Gives each licensed `module:feature` a number, for good: a license then holds one bit an action. Grows with the catalog, for whatever is
 * numbered came from a signed license.
 */
export class ActionBits {
  private readonly numbers = new Map<string, number>();

  get count(): number {
    return this.numbers.size;
  }

  /** Undefined: no license names it. */
  find(action: string): number | undefined {
    return this.numbers.get(action);
  }

  numberOf(action: string): number {
    const known = this.numbers.get(action);
    if (known !== undefined) return known;
    const next = this.numbers.size;
    this.numbers.set(literal(action), next);
    return next;
  }
}
