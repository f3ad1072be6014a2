import type { Variable } from './variables.js';

export type EnvironmentSpec = Readonly<Record<string, Variable<unknown>>>;
/** The typed environment of a spec. */
export type EnvironmentOf<Spec extends EnvironmentSpec> = {
  readonly [Name in keyof Spec]: Spec[Name] extends Variable<infer T> ? T : never;
};
type Source = Readonly<Record<string, string | undefined>>;

/** All mistakes of an environment at once, without any value. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';

  constructor(readonly mistakes: readonly string[]) {
    super(`The environment is not usable:\n${mistakes.map((mistake) => `  - ${mistake}`).join('\n')}`);
  }
}

/** Reads and checks every variable of the spec; an empty variable counts as unset. */
export function loadEnv<Spec extends EnvironmentSpec>(spec: Spec, source: Source = process.env): EnvironmentOf<Spec> {
  const mistakes: string[] = [];
  const values: Record<string, unknown> = {};
  const production = source['NODE_ENV'] === 'production';
  for (const [name, variable] of Object.entries(spec)) {
    const raw = source[name];
    if (raw === undefined || raw === '') {
      if (variable.required) mistakes.push(`${name} is missing: ${variable.help}`);
      values[name] = variable.fallback;
      continue;
    }
    if (production && variable.refusedInProduction) mistakes.push(`${name} is refused when NODE_ENV is production`);
    const parsed = variable.parse(raw);
    if ('mistake' in parsed) mistakes.push(`${name} ${parsed.mistake}`);
    else values[name] = parsed.value;
  }
  if (mistakes.length > 0) throw new EnvironmentError(mistakes);
  return values as EnvironmentOf<Spec>;
}

/** `.env.example`: every variable with its help; those that may be left out are commented out. */
export function envReference(spec: EnvironmentSpec): string {
  const blocks = Object.entries(spec).map(([name, variable]) => {
    const notes = [
      variable.required ? 'required' : `default: ${variable.defaultText}`,
      ...(variable.secret ? ['secret'] : []),
      ...(variable.refusedInProduction ? ['refused in production'] : []),
    ];
    return `# ${variable.help} (${notes.join('; ')})\n${variable.required ? '' : '# '}${name}=${variable.example}\n`;
  });
  return blocks.join('\n');
}
