import { err, ok, type Result } from '@biplane/kernel';
import { checkedSize, type Logo, type LogoFault } from './limits.js';

const SOS = 0xda;
/** Baseline, extended and progressive with Huffman codes: what every reader of a PDF draws. */
const FRAMES: ReadonlySet<number> = new Set([0xc0, 0xc1, 0xc2]);
/** Frames that few readers know: lossless, hierarchical, arithmetic. */
const RARE_FRAMES: ReadonlySet<number> = new Set([0xc3, 0xc5, 0xc6, 0xc7, 0xc9, 0xca, 0xcb, 0xcd, 0xce, 0xcf]);
/** Application data and comments: where a camera writes when and where it was. What JFIF and Adobe say of the colors stays. */
const isForeign = (marker: number): boolean => (marker >= 0xe1 && marker <= 0xef && marker !== 0xee) || marker === 0xfe;

export const isJpeg = (file: Uint8Array): boolean => file[0] === 0xff && file[1] === 0xd8 && file[2] === 0xff;

/** Its segments without what is no picture; the scans as they are, of the size that the frame says. */
export function readJpeg(file: Uint8Array): Result<Logo, LogoFault> {
  const bytes = Buffer.from(file);
  if (bytes.readUInt16BE(bytes.length - 2) !== 0xffd9) return err('DAMAGED');
  const kept: Buffer[] = [bytes.subarray(0, 2)];
  let size: { width: number; height: number } | null = null;
  let at = 2;
  while (at + 4 <= bytes.length && bytes[at] === 0xff) {
    const marker = bytes[at + 1] as number;
    const end = at + 2 + bytes.readUInt16BE(at + 2);
    if (end > bytes.length || end < at + 4) return err('DAMAGED');
    if (RARE_FRAMES.has(marker)) return err('UNSUPPORTED');
    if (FRAMES.has(marker)) {
      if (size !== null) return err('DAMAGED');
      const frame: Result<{ width: number; height: number }, LogoFault> = frameOf(bytes.subarray(at + 4, end));
      if (!frame.ok) return frame;
      size = frame.value;
    }
    if (marker === SOS) {
      if (size === null) return err('DAMAGED');
      kept.push(bytes.subarray(at));
      return ok({ contentType: 'image/jpeg', ...size, bytes: Buffer.concat(kept) });
    }
    if (!isForeign(marker)) kept.push(bytes.subarray(at, end));
    at = end;
  }
  return err('DAMAGED');
}

function frameOf(frame: Buffer): Result<{ width: number; height: number }, LogoFault> {
  if (frame.length < 6) return err('DAMAGED');
  const components = frame[5];
  if (frame[0] !== 8 || (components !== 1 && components !== 3)) return err('UNSUPPORTED');
  return checkedSize(frame.readUInt16BE(3), frame.readUInt16BE(1));
}
