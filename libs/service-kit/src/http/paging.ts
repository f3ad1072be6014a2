import { createHash } from 'node:crypto';
import { RefusalError } from '@biplane/kernel';
import { Type } from 'class-transformer';
import { IsInt, IsOptional, IsString, Max, MaxLength, Min } from 'class-validator';
import { invalid } from '../problems/validation.pipe.js';

export const PAGE_MAX = 200;
export const PAGE_DEFAULT = 50;
const CURSOR_LENGTH_MAX = 1_024;

/** `?limit=&cursor=`; a feature's own filters extend this class. */
export class PageQuery {
  @IsOptional()
  @Type(() => Number)
  @IsInt()
  @Min(1)
  @Max(PAGE_MAX)
  limit?: number;

  @IsOptional()
  @IsString()
  @MaxLength(CURSOR_LENGTH_MAX)
  cursor?: string;
}

export interface Page<T> {
  readonly data: readonly T[];
  readonly page: { readonly nextCursor: string | null; readonly hasMore: boolean };
}

/** Which rows to fetch: `take` rows that come after the key, in the order of the key. */
export interface PageWindow {
  readonly after: readonly string[] | null;
  readonly take: number;
}

export interface PageRows<Row> {
  /** Rows in the order of `keyOf`, which must be unique: end it with the id. */
  readonly fetch: (window: PageWindow) => Promise<readonly Row[]>;
  readonly keyOf: (row: Row) => readonly string[];
  /** What the parts of a key look like; a cursor of another list is refused instead of compared with something else. */
  readonly shape: readonly RegExp[];
}

/** Parts of keys. */
export const KEY = {
  uuid: /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/,
  instant: /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$/,
  number: /^\d{1,15}$/,
  code: /^[a-z0-9_-]{1,128}$/,
} as const;

/** One page by key, not by offset: rows inserted meanwhile neither repeat nor hide others. */
export async function page<Row>(query: PageQuery, rows: PageRows<Row>): Promise<Page<Row>> {
  const limit = Math.min(query.limit ?? PAGE_DEFAULT, PAGE_MAX);
  const after = query.cursor === undefined ? null : decodeCursor(query.cursor);
  if (query.cursor !== undefined && !hasShape(after, rows.shape)) throw cursorRefused();
  const found = await rows.fetch({ after, take: limit + 1 });
  const data = found.slice(0, limit);
  const hasMore = found.length > limit;
  const last = data.at(-1);
  const nextCursor = hasMore && last !== undefined ? encodeCursor(rows.keyOf(last)) : null;
  return { data, page: { nextCursor, hasMore } };
}

/** The same page with each row turned into what the API shows. */
export function mapPage<Row, T>({ data, page: position }: Page<Row>, show: (row: Row) => T): Page<T> {
  return { data: data.map(show), page: position };
}

// The checksum finds cursors that were cut or edited; it is no authority: filters by tenant stand in the query itself.
export function encodeCursor(key: readonly string[]): string {
  const body = JSON.stringify(key);
  return Buffer.from(checksum(body) + body).toString('base64url');
}

export function decodeCursor(cursor: string): readonly string[] {
  const text = Buffer.from(cursor, 'base64url').toString('utf8');
  const body = text.slice(CHECKSUM_LENGTH);
  if (text.slice(0, CHECKSUM_LENGTH) === checksum(body)) return JSON.parse(body) as string[];
  throw cursorRefused();
}

/** The checksum is no secret, so what it covers is still anybody's. */
function hasShape(key: unknown, shape: readonly RegExp[]): boolean {
  return (
    Array.isArray(key) &&
    key.length === shape.length &&
    shape.every((part, index) => typeof key[index] === 'string' && part.test(key[index] as string))
  );
}

function cursorRefused(): RefusalError {
  const detail = 'cursor is not one that this list gave';
  return new RefusalError(invalid([{ pointer: '/query/cursor', code: 'CURSOR', detail }]));
}

const CHECKSUM_LENGTH = 12;

function checksum(body: string): string {
  return createHash('sha256').update(`biplane-cursor\n${body}`).digest('base64url').slice(0, CHECKSUM_LENGTH);
}
