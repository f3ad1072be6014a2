/** Resolves at the first Ctrl-C, SIGTERM or SIGHUP; from then on the launcher stops what it started, in order. */
export function interrupted(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => resolve(signal));
  });
}
