/** Begins `times` works at an even rate, whatever each takes; resolves when all have ended. */
export async function paced(times: number, perSecond: number, work: (no: number) => Promise<void>): Promise<void> {
  const begun: Promise<void>[] = [];
  const startedMs = performance.now();
  for (let no = 0; no < times; no += 1) {
    begun.push(work(no));
    const restMs = startedMs + ((no + 1) / perSecond) * 1_000 - performance.now();
    if (restMs > 0) await new Promise((resolve) => setTimeout(resolve, restMs));
  }
  await Promise.all(begun);
}
