/** A suite that needs a real part and finds none fails: a skipped suite would look like a passed one. */
export function requiredVariable(name: string, env: NodeJS.ProcessEnv = process.env): string {
  const value = env[name];
  if (value === undefined || value === '') {
    throw new Error(`${name} is not set: suites with real parts are started by ./biplane test, which starts the parts`);
  }
  return value;
}

/** Counts of the failure catalog are for `SOAK=1`; a run in CI takes the reduced size that the test names. */
export function sizeOfRun(
  sizes: { readonly soak: number; readonly ci: number },
  env: NodeJS.ProcessEnv = process.env,
): number {
  return env['SOAK'] === '1' ? sizes.soak : sizes.ci;
}
