/** What a PNG says of its samples, and what its palette and transparency are. */
export interface PixelSource {
  readonly width: number;
  readonly height: number;
  readonly depth: number;
  readonly color: number;
  readonly palette: Uint8Array;
  readonly transparency: Uint8Array;
}

/** Samples of a pixel by color type: gray, RGB, palette, gray and alpha, RGB and alpha. */
export const SAMPLES: Readonly<Record<number, number>> = { 0: 1, 2: 3, 3: 1, 4: 2, 6: 4 };

/** Red, green, blue, alpha: 0 to 255 each. */
type Pixel = [number, number, number, number];

/** Its pixels as they are seen on white paper, three bytes each. Null when one has no place in the palette. */
export function onWhite(source: PixelSource, rows: readonly Buffer[]): Uint8Array | null {
  const { width, height } = source;
  const rgb = new Uint8Array(width * height * 3);
  const pixel: Pixel = [0, 0, 0, 0];
  const read = readerOf(source);
  for (let y = 0, to = 0; y < height; y += 1) {
    const row = rows[y] as Buffer;
    for (let x = 0; x < width; x += 1, to += 3) {
      if (!read(row, x, pixel)) return null;
      const [red, green, blue, alpha] = pixel;
      const white = 255 * (255 - alpha);
      rgb[to] = Math.round((red * alpha + white) / 255);
      rgb[to + 1] = Math.round((green * alpha + white) / 255);
      rgb[to + 2] = Math.round((blue * alpha + white) / 255);
    }
  }
  return rgb;
}

/** Puts the pixel at a place of a row into the given one; false when it is none. */
function readerOf(source: PixelSource): (row: Buffer, x: number, into: Pixel) => boolean {
  const { depth, color, palette, transparency } = source;
  const samples = SAMPLES[color] as number;
  const top = depth < 8 ? 2 ** depth - 1 : 255;
  const sample = (row: Buffer, index: number): number =>
    depth < 8
      ? ((row[(index * depth) >> 3] as number) >> (8 - depth - ((index * depth) & 7))) & top
      : (row[depth === 16 ? 2 * index : index] as number);
  if (color === 3) {
    return (row, x, into) => {
      const index = sample(row, x);
      if (3 * index + 2 >= palette.length) return false;
      for (let part = 0; part < 3; part += 1) into[part] = palette[3 * index + part] as number;
      into[3] = transparency[index] ?? 255;
      return true;
    };
  }
  const isGray = samples < 3;
  const hasAlpha = samples % 2 === 0;
  const isClear = clearOf(source, samples, sample);
  return (row, x, into) => {
    const at = x * samples;
    for (let part = 0; part < 3; part += 1) {
      into[part] = Math.round((sample(row, at + (isGray ? 0 : part)) * 255) / top);
    }
    into[3] = hasAlpha ? sample(row, at + samples - 1) : isClear(row, at) ? 0 : 255;
    return true;
  };
}

/** The one color that a picture without alpha may declare to be clear, sixteen bits a sample. */
function clearOf(
  { depth, transparency }: PixelSource,
  samples: number,
  sample: (row: Buffer, index: number) => number,
): (row: Buffer, at: number) => boolean {
  if (samples % 2 === 0 || transparency.length !== 2 * samples) return () => false;
  const words = Buffer.from(transparency);
  return (row, at) => {
    for (let part = 0; part < samples; part += 1) {
      const value = depth === 16 ? row.readUInt16BE(2 * (at + part)) : sample(row, at + part);
      if (value !== words.readUInt16BE(2 * part)) return false;
    }
    return true;
  };
}
