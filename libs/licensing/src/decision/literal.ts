/** The text as the engine keeps a literal of the source, which routes name their actions by: found by its address, not letter by letter. */
export function literal(text: string): string {
  return Object.keys({ [text]: true })[0] as string;
}
