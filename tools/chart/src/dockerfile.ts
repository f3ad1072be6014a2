/** One instruction of a Dockerfile. */
export interface Instruction {
  readonly keyword: string;
  /** What follows the keyword, on one line. */
  readonly text: string;
  /** Which stage it belongs to, from 0; -1 before the first FROM. */
  readonly stage: number;
}

/** The instructions in order. Here-documents and parser directives are not used by ours, and refused. */
export function parseDockerfile(source: string): Instruction[] {
  if (/^#\s*(syntax|escape)\s*=/m.test(source)) throw new Error('a parser directive is not understood here');
  const joined = source.replace(/^\s*#.*\n/gm, '').replace(/\\\n/g, ' ');
  let stage = -1;
  return joined
    .split('\n')
    .map((line) => line.trim().replace(/\s+/g, ' '))
    .filter((line) => line !== '')
    .map((line) => {
      const [keyword = '', ...rest] = line.split(' ');
      if (!/^[A-Z]+$/.test(keyword)) throw new Error(`no instruction of a Dockerfile: ${line}`);
      if (keyword === 'FROM') stage += 1;
      return { keyword, text: rest.join(' '), stage };
    });
}

export interface Copy {
  readonly from: string | null;
  readonly sources: readonly string[];
  readonly target: string;
}

/** The words of a COPY. */
export function copyOf({ text }: Instruction): Copy {
  const words = text.split(' ');
  const flags = words.filter((word) => word.startsWith('--'));
  const paths = words.filter((word) => !word.startsWith('--'));
  const from = flags.find((flag) => flag.startsWith('--from='))?.slice('--from='.length) ?? null;
  return { from, sources: paths.slice(0, -1), target: paths.at(-1) ?? '' };
}

/** The array of an ENTRYPOINT, a CMD or a HEALTHCHECK: the shell form is refused, as it would need a shell. */
export function wordsOf({ keyword, text }: Instruction): string[] {
  const array = /\[.*\]$/.exec(text)?.[0];
  if (array === undefined) throw new Error(`${keyword} ${text}: give it as an array`);
  return JSON.parse(array) as string[];
}
