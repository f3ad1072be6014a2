import bidiFactory from 'bidi-js';
import type { Face, Fonts, Weight } from '../fonts.js';
import { clean } from './clean.js';

/** Letters of one face and one direction, drawn in one go. */
export interface Run {
  readonly text: string;
  readonly face: Face;
  readonly rtl: boolean;
}

/** A text in its logical order, each cluster with its direction and face. */
export interface Paragraph {
  readonly text: string;
  readonly clusters: readonly Cluster[];
}

/** A letter with its marks: what no line break and no change of font may cut. */
export interface Cluster {
  /** Index in the text. */
  readonly at: number;
  /** As it is drawn: mirrored where it reads right to left, replaced where no font has it. */
  readonly text: string;
  readonly level: number;
  readonly face: Face;
}

// The package is CommonJS with the types of a module: what is imported is the factory itself.
const bidi = (bidiFactory as unknown as typeof bidiFactory.default)();
const REPLACEMENT = '\uFFFD';
const cluster = /\P{M}[\p{M}\u200C\u200D]*|[\p{M}\u200C\u200D]+/gu;
/** The blocks of letters and digits that are not simply left to right; a text without them is all level 0. */
const rightToLeft = /[\u0590-\u08FF\uFB1D-\uFDFF\uFE70-\uFEFF\u{10800}-\u{10FFF}\u{1E800}-\u{1EFFF}]/u;
const joiners = /[\u200C\u200D]/gu;

export function paragraph(source: string, weight: Weight, fonts: Fonts): Paragraph {
  const text = clean(source);
  // By its first strong letter; without one it is a number or a mark, which reads left to right.
  const levels = rightToLeft.test(text) ? bidi.getEmbeddingLevels(text, 'auto').levels : [];
  const clusters: Cluster[] = [];
  for (const match of text.matchAll(cluster)) {
    const level = levels[match.index] ?? 0;
    const before = clusters.at(-1)?.face;
    clusters.push({ at: match.index, level, ...dressed(match[0], level, weight, fonts, before) });
  }
  return { text, clusters };
}

/** Spaces and marks stay in the face of the letter before, so that a run is not torn; all else takes the first face. */
function dressed(letters: string, level: number, weight: Weight, fonts: Fonts, before: Face | undefined) {
  const base = letters.codePointAt(0) as number;
  const face = before?.has(base) === true && !/[\p{L}\p{N}]/u.test(letters) ? before : fonts.find(weight, base);
  if (face === undefined) {
    const visible = fonts.find(weight, 0xfffd);
    if (visible === undefined) throw new Error('The first font family has no replacement character');
    return { text: REPLACEMENT, face: visible };
  }
  const first = String.fromCodePoint(base);
  const mirrored = level % 2 === 1 ? (bidi.getMirroredCharacter(first) ?? first) : first;
  const rest = letters.slice(first.length);
  return { text: mirrored + (face.has(0x200d) ? rest : rest.replace(joiners, '')), face };
}

/** Neighbors of one face and level as one run each, in logical order. */
function runsOf(clusters: readonly Cluster[]): (Run & { level: number })[] {
  const runs: { text: string; face: Face; rtl: boolean; level: number }[] = [];
  for (const { text, face, level } of clusters) {
    const last = runs.at(-1);
    if (last?.face === face && last.level === level) last.text += text;
    else runs.push({ text, face, rtl: level % 2 === 1, level });
  }
  return runs;
}

/** Width in em of these clusters, as they would be drawn. */
export function widthOf(clusters: readonly Cluster[]): number {
  return runsOf(clusters).reduce((sum, { face, text, rtl }) => sum + face.width(text, rtl), 0);
}

/** The runs of one line from left to right: rule L2 of the Unicode bidirectional algorithm (UAX #9), on runs. */
export function visualRuns(line: readonly Cluster[]): Run[] {
  const runs = runsOf(line);
  const highest = Math.max(0, ...runs.map(({ level }) => level));
  for (let level = highest; level > 0; level -= 1) {
    for (let from = 0; from < runs.length; from += 1) {
      let to = from;
      while ((runs[to]?.level ?? -1) >= level) to += 1;
      if (to > from) {
        runs.splice(from, to - from, ...runs.slice(from, to).reverse());
        from = to;
      }
    }
  }
  return runs;
}
