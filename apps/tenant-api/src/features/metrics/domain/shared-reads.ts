/**
 * Questions for one count that come together share one answer: a burst on one limit would otherwise queue for connections
 * until the count comes too late, and deny. No answer is older than its question: who comes while a read runs gets the next.
 */
export class SharedReads<T> {
  private readonly running = new Map<string, Promise<T>>();
  private readonly next = new Map<string, Promise<T>>();

  read(key: string, load: () => Promise<T>): Promise<T> {
    const running = this.running.get(key);
    if (!running) return this.start(key, load);
    const waiting = this.next.get(key);
    if (waiting) return waiting;
    const next = running.then(noop, noop).then(() => {
      this.next.delete(key);
      return this.start(key, load);
    });
    this.next.set(key, next);
    return next;
  }

  private start(key: string, load: () => Promise<T>): Promise<T> {
    const work = load().finally(() => {
      if (this.running.get(key) === work) this.running.delete(key);
    });
    this.running.set(key, work);
    return work;
  }
}

const noop = (): void => undefined;
