import { canonicalJson } from '@biplane/kernel';
import type { BillInput } from './input.js';

/**
 * One text for all requests that mean the same ("0.1" and "0.10", keys in any order, stretches cut in two): what
 * the caller hashes with SHA-256 into `inputHash`.
 */
export function canonicalInput(input: BillInput): string {
  return canonicalJson(input);
}
