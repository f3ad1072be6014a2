/** One environment variable: how it is read, and what the generated reference says about it. */
export interface Variable<T> {
  readonly help: string;
  /** Shown in `.env.example`. */
  readonly example: string;
  readonly secret: boolean;
  readonly required: boolean;
  /** Shown in the reference when the variable may be left out. */
  readonly defaultText: string | null;
  /** Set in production, it stops the start. */
  readonly refusedInProduction: boolean;
  /** The value, or a sentence that says what is wrong, without repeating the value. */
  parse(text: string): { value: T } | { mistake: string };
  readonly fallback: T | undefined;
}

export interface VariableOptions<T> {
  readonly help: string;
  readonly example?: string;
  readonly secret?: boolean;
  readonly refusedInProduction?: boolean;
  readonly default?: T;
}

type Parser<T> = (text: string) => { value: T } | { mistake: string };

function variable<T>(parse: Parser<T>, example: string, options: VariableOptions<T>): Variable<T> {
  return {
    help: options.help,
    example: options.example ?? example,
    secret: options.secret ?? false,
    refusedInProduction: options.refusedInProduction ?? false,
    required: options.default === undefined,
    defaultText: options.default === undefined ? null : String(options.default),
    parse,
    fallback: options.default,
  };
}

/** Any text of 1 to 4,096 characters. */
export function text(options: VariableOptions<string> & { readonly pattern?: RegExp }): Variable<string> {
  const { pattern } = options;
  return variable<string>(
    (raw) => {
      if (raw.length > 4096) return { mistake: 'is longer than 4,096 characters' };
      return pattern === undefined || pattern.test(raw) ? { value: raw } : { mistake: `must match ${pattern.source}` };
    },
    'text',
    options,
  );
}

export function integer(options: VariableOptions<number> & { min?: number; max?: number }): Variable<number> {
  const { min = 0, max = Number.MAX_SAFE_INTEGER } = options;
  return variable<number>(
    (raw) => {
      const value = /^-?[0-9]{1,16}$/.test(raw) ? Number(raw) : NaN;
      return value >= min && value <= max ? { value } : { mistake: `must be an integer from ${min} to ${max}` };
    },
    String(min),
    options,
  );
}

/** 0 asks the system for a free one. */
export function port(options: VariableOptions<number>): Variable<number> {
  return integer({ ...options, min: 0, max: 65_535 });
}

/** A URL of one of the protocols, for example `['postgresql', 'postgres']`. */
export function url(options: VariableOptions<string> & { readonly protocols: readonly string[] }): Variable<string> {
  const { protocols } = options;
  return variable<string>(
    (raw) => {
      const protocol = URL.canParse(raw) ? new URL(raw).protocol.slice(0, -1) : '';
      return protocols.includes(protocol) ? { value: raw } : { mistake: `must be a URL of ${protocols.join(' or ')}` };
    },
    `${protocols[0]}://host`,
    options,
  );
}

/** Comma-separated, without empty and repeated entries. */
export function list(
  options: VariableOptions<readonly string[]> & { readonly pattern?: RegExp },
): Variable<readonly string[]> {
  const { pattern = /^\S+$/ } = options;
  return variable<readonly string[]>(
    (raw) => {
      const items = raw.split(',').map((item) => item.trim());
      if (items.some((item) => !pattern.test(item))) return { mistake: `each entry must match ${pattern.source}` };
      return new Set(items).size === items.length ? { value: items } : { mistake: 'has a repeated entry' };
    },
    'a,b',
    options,
  );
}

export function oneOf<const T extends string>(values: readonly T[], options: VariableOptions<T>): Variable<T> {
  return variable<T>(
    (raw) => {
      const found = values.find((value) => value === raw);
      return found === undefined ? { mistake: `must be one of ${values.join(', ')}` } : { value: found };
    },
    values[0] ?? '',
    options,
  );
}

/** The same variable, but it may be left out. */
export function optional<T>(inner: Variable<T>): Variable<T | undefined> {
  return { ...inner, required: false, defaultText: 'unset', fallback: undefined };
}
