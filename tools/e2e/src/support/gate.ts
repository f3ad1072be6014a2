import type { ServiceClient } from '@biplane/testing';
import { insistently } from './persist.js';

export interface Asked {
  readonly deploymentId: string;
  readonly action: string;
  readonly meter?: string;
  readonly quantity?: string;
  readonly reserve?: boolean;
}

export interface Verdict {
  readonly outcome: 'allow' | 'warn' | 'overage' | 'delay' | 'deny';
  readonly isAllowed: boolean;
  readonly code: string | null;
  readonly limit: string | null;
  readonly used: string | null;
  readonly remaining: string | null;
  readonly retryAt: string | null;
  readonly licenseVersion: number | null;
  readonly reservationId?: string;
  readonly ticketId?: string;
}

const WITHOUT_COUNT = /UNAVAILABLE$/;

/** A count that did not come within 250 ms, as on a busy machine, is no verdict about the limit: asked again, as its client does. */
async function decided(ask: () => Promise<Verdict>): Promise<Verdict> {
  for (;;) {
    const verdict = await ask();
    if (!WITHOUT_COUNT.test(verdict.code ?? '')) return verdict;
  }
}

/** The gate of one process of the home. */
export const askGate = (gate: ServiceClient, body: Asked): Promise<Verdict> =>
  decided(() => insistently<Verdict>(gate, { method: 'POST', path: '/internal/gate/check', body }, 200));

/** The check of one process of core-api. */
export const askCore = (core: ServiceClient, body: Asked): Promise<Verdict> =>
  decided(() => insistently<Verdict>(core, { method: 'POST', path: '/api/v1/subscription/check', body }, 200));
