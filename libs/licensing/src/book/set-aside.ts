/** A record that only time, or a key statement still on its way, can make acceptable. */
export interface WaitingRecord {
  readonly deploymentId: string;
  readonly compact: string;
  readonly code: string;
}

export const WAITING_PER_DEPLOYMENT_MAX = 16;
export const WAITING_MAX = 10_000;

/** Records kept aside and tried again each second. Bounded: whoever floods the topic may push out only what waits, never what is held. */
export class SetAside {
  private readonly waiting = new Map<string, WaitingRecord[]>();
  private count = 0;

  get size(): number {
    return this.count;
  }

  /** False when there is no room. The same record is kept once. */
  add(record: WaitingRecord): boolean {
    const beside = this.waiting.get(record.deploymentId) ?? [];
    if (beside.some(({ compact }) => compact === record.compact)) return true;
    if (beside.length >= WAITING_PER_DEPLOYMENT_MAX || this.count >= WAITING_MAX) return false;
    this.waiting.set(record.deploymentId, [...beside, record]);
    this.count += 1;
    return true;
  }

  /** All of them, in the order of their arrival per deployment; whoever still has to wait is added again. */
  takeAll(): WaitingRecord[] {
    const all = [...this.waiting.values()].flat();
    this.waiting.clear();
    this.count = 0;
    return all;
  }
}
