import { inflateSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { jpeg, plainPng, png, type PngParts } from '../spec-support/pictures.js';
import { readLogo } from './logo.js';

/** What the read logo shows: its rows, three bytes a pixel. */
function pixelsOf(file: Buffer): number[][] {
  const read = readLogo(file);
  if (!read.ok) throw new Error(read.error);
  const { bytes, width, height } = read.value;
  const text = Buffer.from(bytes);
  const at = text.indexOf('IDAT');
  const raw = inflateSync(text.subarray(at + 4, at + 4 + text.readUInt32BE(at - 4)));
  return Array.from({ length: height }, (_, y) => [
    ...raw.subarray(y * (3 * width + 1) + 1, (y + 1) * (3 * width + 1)),
  ]);
}
const reasonOf = (file: Uint8Array) => {
  const read = readLogo(file);
  return read.ok ? 'none' : read.error;
};
const one = (parts: Omit<PngParts, 'width' | 'height'>): Buffer => png({ width: 2, height: 1, ...parts });

describe('a logo', () => {
  it.each([
    ['gray', one({ color: 0, rows: [[0, 0, 200]] }), [0, 0, 0, 200, 200, 200]],
    ['gray of two bits', one({ color: 0, depth: 2, rows: [[0, 0b01110000]] }), [85, 85, 85, 255, 255, 255]],
    ['sixteen bits', one({ color: 2, depth: 16, rows: [[0, 9, 1, 8, 1, 7, 1, 6, 1, 5, 1, 4, 1]] }), [9, 8, 7, 6, 5, 4]],
    ['half clear', one({ color: 6, rows: [[0, 0, 0, 0, 0, 0, 0, 0, 51]] }), [255, 255, 255, 204, 204, 204]],
    ['gray with alpha', one({ color: 4, rows: [[0, 10, 255, 10, 0]] }), [10, 10, 10, 255, 255, 255]],
    ['a palette, one clear', one({ color: 3, depth: 1, palette: [1, 2, 3, 4, 5, 6], transparency: [0], rows: [[0, 0b01000000]] }), [255, 255, 255, 4, 5, 6]],
    ['one clear color', one({ color: 2, transparency: [0, 1, 0, 2, 0, 3], rows: [[0, 1, 2, 3, 1, 2, 4]] }), [255, 255, 255, 1, 2, 4]],
    ['filtered by its neighbors', png({ width: 2, height: 5, color: 0, rows: [[0, 10, 20], [1, 5, 5], [2, 1, 1], [3, 4, 4], [4, 1, 1]] }), [10, 10, 10, 20, 20, 20]],
  ])('%s comes back opaque, on white', (_, file, first) => {
    expect(pixelsOf(file)[0]).toEqual(first);
  }); // prettier-ignore

  it('is unfiltered as the format says', () => {
    const rows = [[0, 10, 20], [1, 5, 5], [2, 1, 1], [3, 4, 4], [4, 1, 1]]; // prettier-ignore
    const seen = pixelsOf(png({ width: 2, height: 5, color: 0, rows })).map((row) => [row[0], row[3]]);
    expect(seen).toEqual([[10, 20], [5, 10], [6, 11], [7, 13], [8, 14]]); // prettier-ignore
  });

  it('keeps nothing that is no picture: who drew it, where it was taken', () => {
    const [drawn, taken] = [readLogo(plainPng(3, 2)), readLogo(jpeg(3, 2))];
    expect([drawn, taken]).toMatchObject([
      { ok: true, value: { width: 3, height: 2 } },
      { ok: true, value: { width: 3, height: 2, contentType: 'image/jpeg' } },
    ]);
    const texts = [drawn, taken].map((read) => (read.ok ? Buffer.from(read.value.bytes).toString('latin1') : ''));
    expect(texts.join()).not.toMatch(/who drew|at home|Exif/);
    expect(texts[1]).toContain('JFIF');
  });

  const whole = plainPng(2, 2);
  const flipped = Buffer.from(whole).fill(0x7f, 45, 46);
  const bomb = png({ width: 2, height: 1, color: 2, rows: [Array.from({ length: 200_000 }, () => 0)] });
  it.each([
    ['a text', Buffer.from('<svg onload="…"/>'), 'NOT_A_PICTURE'],
    ['nothing', Buffer.alloc(0), 'NOT_A_PICTURE'],
    ['too many bytes', Buffer.concat([whole, Buffer.alloc(256 * 1_024)]), 'TOO_LARGE'],
    ['more than it announces', bomb, 'DAMAGED'],
    ['less than it announces', png({ width: 2, height: 3, color: 2, rows: [[0, 1, 2, 3, 4, 5, 6]] }), 'DAMAGED'],
    ['a changed byte', flipped, 'DAMAGED'],
    ['cut off', whole.subarray(0, whole.length - 13), 'DAMAGED'],
    ['a color outside its palette', one({ color: 3, palette: [1, 2, 3], rows: [[0, 0, 1]] }), 'DAMAGED'],
    ['no width', png({ width: 0, height: 1, color: 2, rows: [[0]] }), 'DAMAGED'],
    ['a long side', png({ width: 2_001, height: 1, color: 0, rows: [[0]] }), 'TOO_MANY_PIXELS'],
    ['a large area', png({ width: 1_000, height: 501, color: 0, rows: [[0]] }), 'TOO_MANY_PIXELS'],
    ['interlaced', png({ width: 2, height: 1, color: 2, interlaced: true, rows: [[0]] }), 'UNSUPPORTED'],
    ['a JPEG of many pixels', jpeg(65_535, 65_535), 'TOO_MANY_PIXELS'],
    ['a JPEG for printers', jpeg(2, 2, { components: 4 }), 'UNSUPPORTED'],
    ['a JPEG without loss', jpeg(2, 2, { frame: 0xc3 }), 'UNSUPPORTED'],
    ['a JPEG that is cut off', jpeg(2, 2).subarray(0, 40), 'DAMAGED'],
  ])('%s is refused, and says why', (_, file, reason) => {
    expect(reasonOf(file)).toBe(reason);
  });

  it('whatever a file holds, it is read or refused, and never more than announced', () => {
    const files = fc.oneof(
      fc.uint8Array({ maxLength: 400 }),
      fc.tuple(fc.nat(whole.length - 1), fc.nat(255)).map(([at, byte]) => Buffer.from(whole).fill(byte, at, at + 1)),
      fc.tuple(fc.nat(76), fc.nat(255)).map(([at, byte]) => jpeg(4, 4).fill(byte, at, at + 1)),
    );
    fc.assert(
      fc.property(files, (file) => {
        const read = readLogo(file);
        if (read.ok) expect(read.value.width * read.value.height).toBeLessThanOrEqual(500_000);
      }),
      { numRuns: 500 },
    );
  });
});
