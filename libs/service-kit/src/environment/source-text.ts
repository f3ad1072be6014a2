import { readFileSync } from 'node:fs';

/** A file, or what would stand in one: a process that is given its secrets over the network writes them nowhere. */
export type TextSource = string | { readonly text: string };

export function readSource(source: TextSource): string {
  return typeof source === 'string' ? readFileSync(source, 'utf8') : source.text;
}
