const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** Calls back at Ctrl-C, SIGTERM or SIGHUP instead of ending the launcher; the answer undoes it. */
export function interrupted(onSignal: (signal: NodeJS.Signals) => void): () => void {
  const listener = (signal: NodeJS.Signals) => onSignal(signal);
  for (const signal of SIGNALS) process.on(signal, listener);
  return () => {
    for (const signal of SIGNALS) process.off(signal, listener);
  };
}

/** Keeps the process alive until the user ends it. */
export function untilInterrupted(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    const keepAlive = setInterval(() => undefined, 60_000);
    interrupted((signal) => {
      clearInterval(keepAlive);
      resolve(signal);
    });
  });
}
