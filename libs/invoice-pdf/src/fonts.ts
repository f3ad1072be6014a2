import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import * as fontkit from 'fontkit';

export type Weight = 'regular' | 'bold';

/** The files of one family, and the order in which families are asked for a letter. */
const FAMILIES = [
  { name: 'NotoSans', package: '@expo-google-fonts/noto-sans' },
  { name: 'NotoSansArabic', package: '@expo-google-fonts/noto-sans-arabic' },
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

export interface Fonts {
  /** The first face in the order of families that has the letter, or undefined. */
  find(weight: Weight, codePoint: number): Face | undefined;
}

const require = createRequire(import.meta.url);
const bytesOf = new Map<string, Buffer>();

/**
 * The fonts for one paper. Files are read once a process, when a letter of theirs is first needed; they are opened anew
 * for each paper, because an open font remembers which letters it has seen and would so tie one paper to those before it.
 */
export function openFonts(): Fonts {
  const open = new Map<string, Face>();
  const faceOf = (family: (typeof FAMILIES)[number], weight: Weight): Face => {
    const file = `${family.package}/${FILES[weight]}/${family.name}_${FILES[weight]}.ttf`;
    const held = open.get(file) ?? openFace(`${family.name}-${weight}`, readOnce(file));
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

function readOnce(file: string): Buffer {
  const bytes = bytesOf.get(file) ?? readFileSync(require.resolve(file));
  bytesOf.set(file, bytes);
  return bytes;
}

function openFace(id: string, bytes: Buffer): Face {
  const font = fontkit.create(bytes) as fontkit.Font;
  const directed = Object.create(font, {
    layout: { value: (text: string, features?: readonly string[]) => layOut(font, text, features === RTL_FEATURES) },
  }) as object;
  const widths = new Map<string, number>();
  return {
    id,
    font: directed,
    has: (codePoint) => font.hasGlyphForCodePoint(codePoint),
    width(text, rtl) {
      const key = `${rtl ? '<' : '>'}${text}`;
      const width = widths.get(key) ?? layOut(font, text, rtl).advanceWidth / font.unitsPerEm;
      widths.set(key, width);
      return width;
    },
  };
}

function layOut(font: fontkit.Font, text: string, rtl: boolean): fontkit.GlyphRun {
  return font.layout(text, undefined, undefined, undefined, rtl ? 'rtl' : 'ltr');
}
