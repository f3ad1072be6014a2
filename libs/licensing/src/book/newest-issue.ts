import type { NewestIssue } from '../token/effective-time.js';

/** A point in time by both clocks: `now` of the Clock, `monotonicMs` of a clock that nobody can set. */
export interface Instant {
  readonly now: Date;
  readonly monotonicMs: number;
}

interface Mark {
  readonly issuedAtSeconds: number;
  readonly monotonicMs: number;
}

/**
 * The newest `iat` that was verified, by signing key: a clock set back gains nothing, and forgetting a key that was revoked also
 * forgets the time that its licenses claimed.
 */
export class NewestIssueByKey {
  private readonly marks = new Map<string, Mark>();
  /** Of all keys the mark that reaches furthest: asked at every request, it changes with a license. */
  private newest: Mark | undefined;

  learn(kid: string, issuedAtSeconds: number, at: Instant): void {
    const mark = { issuedAtSeconds, monotonicMs: at.monotonicMs };
    const known = this.marks.get(kid);
    if (known && reach(mark) <= reach(known)) return;
    this.marks.set(kid, mark);
    this.newest = furthest([...this.marks.values()]);
  }

  forget(kid: string): void {
    this.marks.delete(kid);
    this.newest = furthest([...this.marks.values()]);
  }

  at(monotonicMs: number): NewestIssue | undefined {
    const { newest } = this;
    return newest && { issuedAtSeconds: newest.issuedAtSeconds, monotonicMsSince: monotonicMs - newest.monotonicMs };
  }

  /** The instant that is proven to have passed, in epoch milliseconds; `-Infinity` when no license has come yet. */
  provenMs(monotonicMs: number): number {
    return this.newest ? reach(this.newest) + monotonicMs : -Infinity;
  }
}

/** Marks learnt at different moments are compared by the time that each proves for one and the same moment. */
const reach = (mark: Mark): number => mark.issuedAtSeconds * 1000 - mark.monotonicMs;

const furthest = (marks: readonly Mark[]): Mark | undefined =>
  marks.reduce<Mark | undefined>((best, mark) => (!best || reach(mark) > reach(best) ? mark : best), undefined);
