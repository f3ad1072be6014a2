import { isEmail } from 'class-validator';

/** The one form of address that is mailed to: bare, one alone, nothing that could begin another header. */
export function isMailAddress(text: string): boolean {
  return text.length <= 254 && !/[\s,;<>()"\p{Cc}]/u.test(text) && isEmail(text);
}

/** A text for a header: whatever could end its line becomes a space. */
export function headerText(text: string): string {
  return text
    .replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .trim()
    .slice(0, 200);
}

/** A name for an attachment: no path, no quotes. */
export function attachmentName(text: string): string {
  return headerText(text).replace(/[^\p{L}\p{N}._ -]/gu, '_') || 'attachment';
}
