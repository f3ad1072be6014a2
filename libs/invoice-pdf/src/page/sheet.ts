import { RTL_FEATURES, type Fonts, type Weight } from '../fonts.js';
import { wrapText, type TextLine } from '../text/lines.js';
import type { StableDocument } from './stable-document.js';

/** A4, in points. */
export const PAGE = { width: 595.28, height: 841.89, marginX: 48, top: 48, bottom: 78 } as const;
export const CONTENT_WIDTH = PAGE.width - 2 * PAGE.marginX;

export const COLOR = {
  ink: '#1d2433',
  muted: '#5d6678',
  accent: '#14506b',
  rule: '#d5dae2',
  band: '#f2f5f8',
} as const;

export interface TextStyle {
  readonly size: number;
  readonly weight?: Weight;
  readonly color?: string;
  readonly align?: 'start' | 'end';
  /** In points; the content's width when absent. */
  readonly width?: number;
  readonly linesMax?: number;
}

/** A wrapped text that knows its height, to be drawn wherever there is room. */
export interface Block {
  readonly lines: readonly TextLine[];
  readonly style: TextStyle & { readonly width: number };
  readonly height: number;
}

/** A PNG without transparency, or a JPEG; its size in pixels. */
export interface Picture {
  readonly width: number;
  readonly height: number;
  readonly bytes: Uint8Array;
}

const LEADING = 1.4;
/** From the top of a line to its baseline, in em. */
const BASELINE = 1.06;
/** A number may shrink to this before it is broken. */
const SHRINK_MIN = 0.6;

/**
 * Where things stand on the pages. `x` is counted from the side at which reading starts, so that one layout serves both
 * directions: a paper in Arabic is the mirror image of one in English.
 */
export class Sheet {
  private readonly registered = new Set<string>();

  constructor(
    private readonly document: StableDocument,
    private readonly fonts: Fonts,
    readonly rtl: boolean,
  ) {}

  addPage(): void {
    this.document.addPage();
  }

  block(text: string, style: TextStyle): Block {
    const { size, weight = 'regular', width = CONTENT_WIDTH, linesMax = 40 } = style;
    const lines = wrapText(text, { weight, width: width / size, linesMax }, this.fonts);
    return { lines, style: { ...style, width }, height: lines.length * size * LEADING };
  }

  /** One line where it fits when set smaller; amounts of many digits are not torn before they must be. */
  fitted(text: string, style: TextStyle): Block {
    const single = this.block(text, { ...style, width: Number.MAX_SAFE_INTEGER, linesMax: 1 });
    const { size, width = CONTENT_WIDTH } = style;
    const needed = (single.lines[0]?.width ?? 0) * size;
    return this.block(text, { ...style, size: size * Math.min(1, Math.max(SHRINK_MIN, (width / needed) * 0.999)) });
  }

  draw(block: Block, x: number, y: number): void {
    const { size, width, align = 'start', color = COLOR.ink } = block.style;
    const left = this.left(x, width);
    const atRight = (align === 'end') !== this.rtl;
    block.lines.forEach((line, index) => {
      const baseline = y + size * (LEADING * index + BASELINE);
      this.drawLine(line, atRight ? left + width - line.width * size : left, baseline, size, color);
    });
  }

  fill(x: number, y: number, width: number, height: number, color: string): void {
    this.document.roundedRect(this.left(x, width), y, width, height, 3).fill(color);
  }

  rule(x: number, y: number, width: number, color: string = COLOR.rule, thickness = 0.6): void {
    this.document.rect(this.left(x, width), y, width, thickness).fill(color);
  }

  /** At its full size in points, or smaller so that it fits. Returns its height. */
  picture(picture: Picture, x: number, y: number, box: { readonly width: number; readonly height: number }): number {
    const scale = Math.min(1, box.width / picture.width, box.height / picture.height);
    const [width, height] = [picture.width * scale, picture.height * scale];
    this.document.image(Buffer.from(picture.bytes), this.left(x, width), y, { width, height });
    return height;
  }

  private left(x: number, width: number): number {
    return this.rtl ? PAGE.width - PAGE.marginX - x - width : PAGE.marginX + x;
  }

  private drawLine(line: TextLine, left: number, baseline: number, size: number, color: string): void {
    let x = left;
    this.document.fillColor(color).fontSize(size);
    for (const { text, face, rtl } of line.runs) {
      if (!this.registered.has(face.id)) {
        // Its types know files and bytes only; since 0.19 it takes an opened font too.
        this.document.registerFont(face.id, face.font as unknown as string);
        this.registered.add(face.id);
      }
      this.document.font(face.id).text(text, x, baseline, {
        lineBreak: false,
        baseline: 'alphabetic',
        ...(rtl ? { features: RTL_FEATURES as PDFKit.Mixins.OpenTypeFeatures[] } : {}),
      });
      x += face.width(text, rtl) * size;
    }
  }
}
