import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as fontkit from 'fontkit';

export type Weight = 'regular' | 'bold';

/** The files of one family, and the order in which families are asked for a letter. */
const FAMILIES = [
  { name: 'NotoSans', package: '@expo-google-fonts/noto-sans' },
  // Not Noto's, which draws the dots of letters for themselves: from such a paper no name can be copied.
  { name: 'Vazirmatn', package: '@expo-google-fonts/vazirmatn' },
  { name: 'NotoSansHebrew', package: '@expo-google-fonts/noto-sans-hebrew' },
  { name: 'NotoSansThai', package: '@expo-google-fonts/noto-sans-thai' },
  { name: 'NotoSansSC', package: '@expo-google-fonts/noto-sans-sc' },
  { name: 'NotoSansKR', package: '@expo-google-fonts/noto-sans-kr' },
] as const;

const FILES = { regular: '400Regular', bold: '700Bold' } as const satisfies Record<Weight, string>;

/** One font file, opened. It shapes text in a given direction and tells which letters it has. */
export interface Face {
  readonly id: string;
  has(codePoint: number): boolean;
  /** The font object that pdfkit embeds: it shapes right to left when told so by the feature `rtl`. */
  readonly font: object;
  /** Width in em of the text, all of one direction. */
  width(text: string, rtl: boolean): number;
}

/** A feature name that no font has: it carries the direction through pdfkit, which knows none. */
export const RTL_FEATURES: readonly string[] = ['rtl '];

/** Right to left without those of taste: programs that read the paper take their letters in the wrong order. */
const NO_LIGATURES = { liga: false, dlig: false };

export interface Fonts {
  /** The first face in the order of families that has the letter, or undefined. */
  find(weight: Weight, codePoint: number): Face | undefined;
}

const require = createRequire(import.meta.url);
const parsed = new Map<string, fontkit.Font>();

/**
 * The fonts for one paper. A file is read and parsed once a process, when a letter of it is first needed. What a font
 * remembers of the letters that it has set is kept for one paper only: else a paper would depend on those before it.
 */
export function openFonts(): Fonts {
  const open = new Map<string, Face>();
  const faceOf = (family: (typeof FAMILIES)[number], weight: Weight): Face => {
    const file = `${family.package}/${FILES[weight]}/${family.name}_${FILES[weight]}.ttf`;
    const held = open.get(file) ?? openFace(`${family.name}-${weight}`, parsedOnce(file));
    open.set(file, held);
    return held;
  };
  return {
    find(weight, codePoint) {
      for (const family of FAMILIES) {
        const face = faceOf(family, weight);
        if (face.has(codePoint)) return face;
      }
      return undefined;
    },
  };
}

function parsedOnce(file: string): fontkit.Font {
  const font = parsed.get(file) ?? (fontkit.create(readFileSync(require.resolve(file))) as fontkit.Font);
  parsed.set(file, font);
  return font;
}

/** The parsed tables are shared; glyphs, with the letters for which they were first taken, are this face's own. */
function openFace(id: string, shared: fontkit.Font): Face {
  const shaped = new Map<string, fontkit.GlyphRun>();
  const shape = (text: string, rtl: boolean): fontkit.GlyphRun => {
    const key = `${rtl ? '<' : '>'}${text}`;
    const held =
      shaped.get(key) ??
      shared.layout.call(font, text, rtl ? NO_LIGATURES : undefined, undefined, undefined, rtl ? 'rtl' : 'ltr');
    shaped.set(key, held);
    return held;
  };
  const font = Object.create(shared, {
    _glyphs: { value: {}, writable: true },
    layout: { value: (text: string, features?: readonly string[]) => copyOf(shape(text, features === RTL_FEATURES)) },
  }) as fontkit.Font;
  const em = (text: string, rtl: boolean) => shape(text, rtl).advanceWidth / shared.unitsPerEm;
  return {
    id,
    font,
    has: (codePoint) => shared.hasGlyphForCodePoint(codePoint),
    width: (text, rtl) => (rtl ? em(text, true) : wordsOf(text).reduce((sum, word) => sum + em(word, false), 0)),
  };
}

/** As pdfkit shapes what reads left to right: word by word, each with the space behind it. */
function wordsOf(text: string): string[] {
  return text.match(/[^ ]* |[^ ]+$/g) ?? [];
}

/** pdfkit scales the positions that it is given, and asks for the sum afterwards. */
function copyOf({ glyphs, positions }: fontkit.GlyphRun) {
  for (const glyph of glyphs) nameLigature(glyph);
  const own = positions.map((position) => ({ ...position }));
  return {
    glyphs,
    positions: own,
    get advanceWidth() {
      return own.reduce((sum, { xAdvance }) => sum + xAdvance, 0);
    },
  };
}

/** Lam and alef are one glyph. By its own code point it is read as one letter, which no reader turns around in itself. */
const LAM_ALEF = new Map([
  ['لآ', 0xfef5],
  ['لأ', 0xfef7],
  ['لإ', 0xfef9],
  ['لا', 0xfefb],
]);

function nameLigature(glyph: fontkit.Glyph): void {
  const own = glyph.codePoints.length === 2 ? LAM_ALEF.get(String.fromCodePoint(...glyph.codePoints)) : undefined;
  if (own !== undefined) glyph.codePoints = [own];
}
