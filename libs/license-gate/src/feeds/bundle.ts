import { parseRecord, type KeyStatement, type LicenseIssued } from '@biplane/contracts';
import { replaceFile } from '../files/durable-files.js';

/** The content of a bundle file: what the license topics would bring, as it was signed. Nothing in it is trusted unverified. */
export interface LicenseBundle {
  readonly keys: readonly KeyStatement[];
  readonly licenses: readonly LicenseIssued[];
}

/** Far above 10,000 licenses; what is larger was not written for us. */
export const BUNDLE_BYTES_MAX = 256 * 1024 * 1024;

export type BundleEntry =
  | { readonly kind: 'key'; readonly data: KeyStatement }
  | { readonly kind: 'license'; readonly data: LicenseIssued }
  | { readonly kind: 'bad'; readonly code: string };

/** Entry by entry: a bad one spoils no other. Undefined when the text as a whole is no bundle, as one that is half written. */
export function readBundle(text: string): BundleEntry[] | undefined {
  const bundle = parseJson(text);
  if (typeof bundle !== 'object' || bundle === null) return undefined;
  const { keys, licenses, ...rest } = bundle as Record<string, unknown>;
  if (!Array.isArray(keys) || !Array.isArray(licenses) || Object.keys(rest).length > 0) return undefined;
  return [...keys.map(keyEntry), ...licenses.map(licenseEntry)];
}

/** All or nothing: whoever watches the file never sees half of it. */
export function writeBundle(file: string, bundle: LicenseBundle): Promise<void> {
  return replaceFile(file, `${JSON.stringify(bundle, null, 1)}\n`);
}

function keyEntry(entry: unknown): BundleEntry {
  const parsed = parseRecord('KeyStatement', JSON.stringify(entry));
  return parsed.ok ? { kind: 'key', data: parsed.value } : { kind: 'bad', code: parsed.error.code };
}

function licenseEntry(entry: unknown): BundleEntry {
  const parsed = parseRecord('LicenseIssued', JSON.stringify(entry));
  return parsed.ok ? { kind: 'license', data: parsed.value } : { kind: 'bad', code: parsed.error.code };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
