import { err, ok, type Result } from '@biplane/kernel';
import type { Picture } from '../page/sheet.js';

/** Of the file as it comes, and of the picture in it: no paper is drawn from more. */
export const LOGO_LIMITS = { bytesMax: 256 * 1_024, sideMax: 2_000, pixelsMax: 500_000 } as const;

/**
 * Why a file is no logo. `NOT_A_PICTURE`: neither PNG nor JPEG. `UNSUPPORTED`: interlaced, CMYK, or of a rare kind. `DAMAGED`: what it says
 * of itself is not what it holds.
 */
export type LogoFault = 'NOT_A_PICTURE' | 'TOO_LARGE' | 'TOO_MANY_PIXELS' | 'UNSUPPORTED' | 'DAMAGED';

export interface Logo extends Picture {
  readonly contentType: 'image/png' | 'image/jpeg';
}

/** Checked before a pixel is read. */
export function checkedSize(width: number, height: number): Result<{ width: number; height: number }, LogoFault> {
  if (width < 1 || height < 1) return err('DAMAGED');
  const { sideMax, pixelsMax } = LOGO_LIMITS;
  if (width > sideMax || height > sideMax || width * height > pixelsMax) return err('TOO_MANY_PIXELS');
  return ok({ width, height });
}
