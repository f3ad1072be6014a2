import type { Issuer } from './domain/invoice-document.js';

/** Injection token of the issuer that ISSUER_FILE describes. */
export const ISSUER = Symbol('ISSUER');

export type { Issuer };
