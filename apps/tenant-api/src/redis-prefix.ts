/** Fixed length and closed by a colon: no home's prefix can be the beginning of another's. */
export function redisPrefix(home: string): string {
  return `bp:${home.replaceAll('-', '')}:`;
}
