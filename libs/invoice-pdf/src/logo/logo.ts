import { err, type Result } from '@biplane/kernel';
import { isJpeg, readJpeg } from './jpeg.js';
import { LOGO_LIMITS, type Logo, type LogoFault } from './limits.js';
import { isPng, readPng } from './png.js';

/**
 * A picture that papers may bear, from a file that a stranger gave: read whole and bounded, and given back without anything that is no
 * picture. A PNG comes back opaque, on white, packed anew: its bytes on paper depend on its pixels alone.
 */
export function readLogo(file: Uint8Array): Result<Logo, LogoFault> {
  if (file.length > LOGO_LIMITS.bytesMax) return err('TOO_LARGE');
  if (isPng(file)) return readPng(file);
  if (isJpeg(file)) return readJpeg(file);
  return err('NOT_A_PICTURE');
}
