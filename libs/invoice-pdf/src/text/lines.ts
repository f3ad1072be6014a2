import LineBreaker from 'linebreak';
import type { Fonts, Weight } from '../fonts.js';
import { paragraph, visualRuns, widthOf, type Cluster, type Paragraph, type Run } from './paragraph.js';

/** One line as it is drawn, from left to right. Widths are in em: times the size they are points. */
export interface TextLine {
  readonly runs: readonly Run[];
  readonly width: number;
}

export interface Wrapping {
  readonly weight: Weight;
  /** In em. */
  readonly width: number;
  readonly linesMax: number;
}

const ELLIPSIS = '…';

/**
 * A text in lines of at most `width`: broken where Unicode allows it (UAX #14), inside a word only where the word alone
 * is wider than a line. What is beyond `linesMax` is cut, and an ellipsis says so.
 */
export function wrapText(text: string, wrapping: Wrapping, fonts: Fonts): TextLine[] {
  const whole = paragraph(text, wrapping.weight, fonts);
  const lines = linesOf(whole, wrapping.width);
  if (lines.length <= wrapping.linesMax) return lines.map(toLine);
  let kept = lines.slice(0, wrapping.linesMax).flat();
  for (;;) {
    const cut = `${kept
      .map(({ at }, index) => sourceOf(whole, at, kept[index + 1]?.at))
      .join('')
      .trimEnd()}${ELLIPSIS}`;
    const shorter = linesOf(paragraph(cut, wrapping.weight, fonts), wrapping.width);
    if (shorter.length <= wrapping.linesMax || kept.length === 0)
      return shorter.slice(0, wrapping.linesMax).map(toLine);
    kept = kept.slice(0, -1);
  }
}

function sourceOf({ text, clusters }: Paragraph, at: number, next: number | undefined): string {
  return text.slice(at, next ?? clusters.find((cluster) => cluster.at > at)?.at ?? text.length);
}

/** Widths add up word by word: nothing is drawn together across a place at which a line may end. */
function linesOf(whole: Paragraph, width: number): Cluster[][] {
  const lines: Cluster[][] = [];
  let line: Cluster[] = [];
  let taken = 0;
  for (const word of wordsOf(whole)) {
    if (line.length > 0 && taken + widthOf(trimEnd(word)) > width) {
      lines.push(trimEnd(line));
      line = [];
      taken = 0;
    }
    line.push(...word);
    taken += widthOf(word);
    while (line.length > 1 && taken > width && widthOf(trimEnd(line)) > width) {
      const fitting = clustersThatFit(line, width);
      lines.push(line.slice(0, fitting));
      line = line.slice(fitting);
      taken = widthOf(line);
    }
  }
  const last = trimEnd(line);
  return last.length > 0 || lines.length === 0 ? [...lines, last] : lines;
}

/** The clusters between two places at which a line may end. */
function wordsOf({ text, clusters }: Paragraph): Cluster[][] {
  const breaker = new LineBreaker(text);
  const words: Cluster[][] = [];
  let next = 0;
  for (let end = breaker.nextBreak(); end !== null; end = breaker.nextBreak()) {
    const word: Cluster[] = [];
    for (let found = clusters[next]; found !== undefined && found.at < end.position; found = clusters[next]) {
      word.push(found);
      next += 1;
    }
    if (word.length > 0) words.push(word);
  }
  return words;
}

/** At least one, so that a line always takes something. */
function clustersThatFit(line: readonly Cluster[], width: number): number {
  let fitting = 1;
  while (fitting < line.length && widthOf(line.slice(0, fitting + 1)) <= width) fitting += 1;
  return fitting;
}

function trimEnd(line: readonly Cluster[]): Cluster[] {
  let end = line.length;
  while (end > 0 && line[end - 1]?.text === ' ') end -= 1;
  return line.slice(0, end);
}

function toLine(line: readonly Cluster[]): TextLine {
  return { runs: visualRuns(line), width: widthOf(line) };
}
