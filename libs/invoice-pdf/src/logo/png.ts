import { crc32, inflateSync } from 'node:zlib';
import { err, ok, type Result } from '@biplane/kernel';
import { zlibSync } from 'fflate';
import { checkedSize, type Logo, type LogoFault } from './limits.js';
import { onWhite, SAMPLES, type PixelSource } from './png-pixels.js';

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
/** Of each color type. */
const DEPTHS: Readonly<Record<number, readonly number[]>> = {
  0: [1, 2, 4, 8, 16],
  2: [8, 16],
  3: [1, 2, 4, 8],
  4: [8, 16],
  6: [8, 16],
};

type Header = Pick<PixelSource, 'width' | 'height' | 'depth' | 'color'>;

interface Parts extends PixelSource {
  readonly packed: Buffer;
}

export const isPng = (file: Uint8Array): boolean => SIGNATURE.equals(file.subarray(0, SIGNATURE.length));

/** Its pixels on white, packed anew as eight-bit RGB without filters: the same on every machine. */
export function readPng(file: Uint8Array): Result<Logo, LogoFault> {
  const parts = partsOf(Buffer.from(file));
  if (!parts.ok) return parts;
  const { width, height } = parts.value;
  const rows = rowsOf(parts.value);
  const rgb = rows && onWhite(parts.value, rows);
  if (!rgb) return err('DAMAGED');
  return ok({ contentType: 'image/png', width, height, bytes: packed(rgb, width, height) });
}

function partsOf(file: Buffer): Result<Parts, LogoFault> {
  let header: Header | null = null;
  let palette: Uint8Array = new Uint8Array();
  let transparency: Uint8Array = new Uint8Array();
  const data: Uint8Array[] = [];
  for (let at = SIGNATURE.length; at + 12 <= file.length;) {
    const end = at + 12 + file.readUInt32BE(at);
    if (end > file.length || crc32(file.subarray(at + 4, end - 4)) !== file.readUInt32BE(end - 4))
      return err('DAMAGED');
    const name = file.toString('latin1', at + 4, at + 8);
    const body = file.subarray(at + 8, end - 4);
    at = end;
    if (header === null) {
      if (name !== 'IHDR' || body.length !== 13) return err('DAMAGED');
      const read = headerOf(body);
      if (!read.ok) return read;
      header = read.value;
    } else if (name === 'PLTE') palette = body;
    else if (name === 'tRNS') transparency = body;
    else if (name === 'IDAT') data.push(body);
    else if (name === 'IEND') return ok({ ...header, palette, transparency, packed: Buffer.concat(data) });
  }
  return err('DAMAGED');
}

function headerOf(body: Buffer): Result<Header, LogoFault> {
  const [depth = 0, color = 0, packing, filters, interlaced] = body.subarray(8);
  if (packing !== 0 || filters !== 0 || DEPTHS[color]?.includes(depth) !== true) return err('DAMAGED');
  if (interlaced !== 0) return err('UNSUPPORTED');
  const size = checkedSize(body.readUInt32BE(0), body.readUInt32BE(4));
  return size.ok ? ok({ ...size.value, depth, color }) : size;
}

/** The samples of each row without its filter, or null when there are more or fewer than the header says. */
function rowsOf({ width, height, depth, color, packed: data }: Parts): Buffer[] | null {
  const bits = (SAMPLES[color] as number) * depth;
  const [length, step] = [Math.ceil((width * bits) / 8), Math.max(1, bits / 8)];
  const expected = height * (length + 1);
  let raw: Buffer;
  try {
    // One byte more would be a bomb: nothing is unpacked that the header has not announced.
    raw = inflateSync(data, { maxOutputLength: expected });
  } catch {
    return null;
  }
  if (raw.length !== expected) return null;
  const rows: Buffer[] = [];
  for (let y = 0; y < height; y += 1) {
    const start = y * (length + 1);
    const row = raw.subarray(start + 1, start + 1 + length);
    if (!unfilter(raw[start] as number, row, rows[y - 1], step)) return null;
    rows.push(row);
  }
  return rows;
}

/** In place; false when there is no such filter. */
function unfilter(filter: number, row: Buffer, above: Buffer | undefined, step: number): boolean {
  if (filter > 4) return false;
  for (let x = 0; x < row.length; x += 1) {
    const left = x >= step ? (row[x - step] as number) : 0;
    const up = above?.[x] ?? 0;
    const corner = x >= step ? (above?.[x - step] ?? 0) : 0;
    row[x] = (row[x] as number) + guess(filter, left, up, corner);
  }
  return true;
}

function guess(filter: number, left: number, up: number, corner: number): number {
  if (filter < 3) return filter === 0 ? 0 : filter === 1 ? left : up;
  if (filter === 3) return (left + up) >> 1;
  const [byLeft, byUp, byCorner] = [Math.abs(up - corner), Math.abs(left - corner), Math.abs(left + up - 2 * corner)];
  if (byLeft <= byUp && byLeft <= byCorner) return left;
  return byUp <= byCorner ? up : corner;
}

function packed(rgb: Uint8Array, width: number, height: number): Buffer {
  const raw = new Uint8Array(height * (3 * width + 1));
  for (let y = 0; y < height; y += 1)
    raw.set(rgb.subarray(3 * width * y, 3 * width * (y + 1)), y * (3 * width + 1) + 1);
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2, 0, 0, 0], 8);
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header),
    chunk('IDAT', zlibSync(raw)),
    chunk('IEND', Buffer.alloc(0)),
  ]);
}

function chunk(name: string, body: Uint8Array): Buffer {
  const named = Buffer.concat([Buffer.from(name, 'latin1'), body]);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(body.length);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([length, named, check]);
}
