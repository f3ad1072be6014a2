/** The kubelet's: 10 s after the first end, doubled each time up to 5 minutes, forgotten after 10 minutes of running. */
export interface BackOffRule {
  readonly firstMs: number;
  readonly maxMs: number;
  readonly forgottenAfterMs: number;
}

export const KUBELET_BACK_OFF: BackOffRule = { firstMs: 10_000, maxMs: 300_000, forgottenAfterMs: 600_000 };

export class BackOff {
  private ends = 0;
  constructor(private readonly rule: BackOffRule) {}

  /** How long to wait after an end, given how long the container had run. The first restart is immediate. */
  afterEnd(ranMs: number): number {
    if (ranMs >= this.rule.forgottenAfterMs) this.ends = 0;
    const waitMs = this.ends === 0 ? 0 : Math.min(this.rule.firstMs * 2 ** (this.ends - 1), this.rule.maxMs);
    this.ends += 1;
    return waitMs;
  }
}
