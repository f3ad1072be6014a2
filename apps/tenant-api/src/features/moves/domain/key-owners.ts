/** Longer ones, and those without an end, are counted together. */
const PREFIX = /^bp:[0-9a-f]{32}:/;
/** Of so many strangers each is counted by itself; all others together. */
const STRANGERS_MAX = 100;
const OTHERS = 'bp:*';

/** Under which home's prefix keys stand, over one round through all of them. */
export class KeyOwners {
  readonly foreign = new Map<string, number>();
  readonly ofDropped = new Set<string>();

  constructor(
    private readonly serving: ReadonlySet<string>,
    private readonly dropped: ReadonlySet<string>,
  ) {}

  add(keys: readonly string[]): void {
    for (const key of keys) {
      const prefix = PREFIX.exec(key)?.[0] ?? OTHERS;
      if (this.serving.has(prefix)) continue;
      if (this.dropped.has(prefix)) this.ofDropped.add(prefix);
      else this.count(prefix);
    }
  }

  get foreignKeys(): number {
    return [...this.foreign.values()].reduce((sum, keys) => sum + keys, 0);
  }

  private count(prefix: string): void {
    const name = this.foreign.has(prefix) || this.foreign.size < STRANGERS_MAX ? prefix : OTHERS;
    this.foreign.set(name, (this.foreign.get(name) ?? 0) + 1);
  }
}
