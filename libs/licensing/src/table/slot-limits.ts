import { createHash } from 'node:crypto';
import type { LicenseClaims, LicensedLimit } from '../claims/claims.js';
import { limitsByMeter, type LimitsByMeter } from '../decision/compiled-license.js';
import type { WholeLimit } from '../decision/whole-limit.js';
import { grown } from './slot-bits.js';

type Modules = LicenseClaims['modules'];

const SHORT_MAX = 0xffff;

/** What licenses of equal modules share, by what these say and not by the object: a table keeps no document. */
interface Plan {
  readonly hash: string;
  readonly number: number;
  /** By the number of an action. */
  readonly byAction: readonly (LimitsByMeter | undefined)[];
  /** The texts of its limits, of which it holds one use each. */
  readonly texts: readonly string[];
  slots: number;
}

/** Modules and plans that say the same of their meters share what is read from it. */
interface Shared {
  readonly limits: LimitsByMeter;
  readonly text: string;
  plans: number;
}

/**
 * The limits of each slot: one number a slot, for licenses of a plan share their modules. So a counted question reads a few dozen lists
 * that stay in the cache, and not the documents.
 */
export class SlotLimits {
  /** Two bytes each while they suffice. */
  private numbers: Uint16Array | Uint32Array = new Uint16Array(0);
  private readonly plans: (Plan | undefined)[] = [undefined];
  private readonly byHash = new Map<string, Plan>();
  private readonly byText = new Map<string, Shared>();
  private readonly freeNumbers: number[] = [];

  /** The one limit of a meter, when it can be reckoned with in whole numbers. Undefined: the exact way has to be taken. */
  whole(slot: number, action: number, meter: string): WholeLimit | undefined {
    return this.plans[this.numbers[slot] as number]?.byAction[action]?.get(meter)?.whole;
  }

  reserve(slots: number): void {
    const present = this.numbers.length;
    if (slots <= present) return;
    this.keepIn(
      this.numbers instanceof Uint16Array
        ? new Uint16Array(grown(present, slots))
        : new Uint32Array(grown(present, slots)),
    );
  }

  write(slot: number, modules: Modules, numberOf: (action: string) => number): void {
    const hash = createHash('sha256').update(JSON.stringify(modules)).digest('base64url');
    const plan = this.byHash.get(hash) ?? this.newPlan(hash, modules, numberOf);
    plan.slots += 1;
    this.clear(slot);
    const isShort = this.numbers instanceof Uint16Array;
    if (isShort && plan.number > SHORT_MAX) this.keepIn(new Uint32Array(this.numbers.length));
    this.numbers[slot] = plan.number;
  }

  private keepIn(numbers: Uint16Array | Uint32Array): void {
    numbers.set(this.numbers);
    this.numbers = numbers;
  }

  clear(slot: number): void {
    const plan = this.plans[this.numbers[slot] as number];
    this.numbers[slot] = 0;
    if (plan === undefined || (plan.slots -= 1) > 0) return;
    this.byHash.delete(plan.hash);
    this.plans[plan.number] = undefined;
    this.freeNumbers.push(plan.number);
    for (const text of plan.texts) this.release(text);
  }

  private newPlan(hash: string, modules: Modules, numberOf: (action: string) => number): Plan {
    const numbered = Object.entries(modules).flatMap(([module, { features, limits }]) => {
      if (features.length === 0 || limits.length === 0) return [];
      const shared = this.share(limits);
      return features.map((feature) => ({ number: numberOf(`${module}:${feature}`), shared, module }));
    });
    const byAction = new Array<LimitsByMeter | undefined>(Math.max(0, ...numbered.map(({ number }) => number + 1)));
    byAction.fill(undefined);
    for (const { number, shared } of numbered) byAction[number] = shared.limits;
    const texts = [...new Map(numbered.map(({ module, shared }) => [module, shared.text])).values()];
    const plan: Plan = { hash, number: this.freeNumbers.pop() ?? this.plans.length, byAction, texts, slots: 0 };
    this.plans[plan.number] = plan;
    this.byHash.set(hash, plan);
    return plan;
  }

  private share(limits: readonly LicensedLimit[]): Shared {
    const text = JSON.stringify(limits);
    // Read from the text, so that nothing of the document is kept with it.
    const shared = this.byText.get(text) ?? {
      limits: limitsByMeter(JSON.parse(text) as LicensedLimit[]),
      text,
      plans: 0,
    };
    shared.plans += 1;
    this.byText.set(text, shared);
    return shared;
  }

  private release(text: string): void {
    const shared = this.byText.get(text);
    if (shared !== undefined && (shared.plans -= 1) === 0) this.byText.delete(text);
  }
}
