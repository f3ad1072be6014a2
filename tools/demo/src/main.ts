import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { StackClient } from '@biplane/testing';
import { DemoContext } from './context.js';
import { may } from './initech.js';
import { Narrator } from './narrator.js';
import { scenario } from './scenario.js';
import { issueInvoice, payTheInvoice, quote } from './steps/bill.js';
import {
  billMarch,
  decideApril,
  findTheBooks,
  loseAutomatedBilling,
  openAcme,
  stateMay,
} from './steps/acme-members.js';
import { authorCatalog } from './steps/catalog.js';
import { askForContainers, awaitContainer, useTheContainer } from './steps/container.js';
import { askTheGate } from './steps/gate.js';
import { admitTheTicket, reachTheLimit, reachTheThreshold } from './steps/connectors.js';
import { rotateTheKey } from './steps/keys.js';
import { liveThroughMay, openInitech } from './steps/may.js';
import { passTheMonth } from './steps/month.js';
import { awaitMove } from './steps/move.js';
import { prepare } from './steps/prepare.js';
import { revokeALicense } from './steps/revocation.js';
import { billLateUsage, fetchThePdf, rollUpMay } from './steps/roll-up.js';
import { awaitReady, createTenant } from './steps/tenant.js';
import { awaitCompleteness, submitWhileCoreIsDown } from './steps/usage.js';
import { report } from './report.js';

/**
 * The main job, end to end, on a stack that the launcher started: its environment says how to
 * reach and to steer it. Exit 0 only if every figure is right.
 */
async function main(): Promise<void> {
  const context = new DemoContext(StackClient.fromEnvironment());
  const folder = process.env['DEMO_FOLDER'] ?? join('.biplane', 'demo');
  const narrator = new Narrator(process.stdout, () => performance.now());

  narrator.title(
    'One tenant, one month, one invoice; then a tenant whose month has everything: golden bills on real parts',
  );
  await narrator.step('clock and region', () => prepare(context));
  await narrator.step('catalog', () => authorCatalog(context));
  await narrator.step('tenant', () => createTenant(context));
  await narrator.step('license.applied', () => awaitReady(context));
  await narrator.step('gate', () => askTheGate(context));
  await narrator.step('members of Acme', () => openAcme(context));
  await narrator.step('charged for March', () => billMarch(context));
  await narrator.step('limit: ten connectors', () => reachTheLimit(context));
  await narrator.step('limit: ingestion', () => reachTheThreshold(context));
  await narrator.step('key rotation', () => rotateTheKey(context));
  await narrator.step('automated billing off', () => loseAutomatedBilling(context));
  await narrator.step('the next month begins', () => admitTheTicket(context));
  await narrator.step('a month passes', () => passTheMonth(context));
  await narrator.step('April waits', () => decideApril(context));
  await narrator.step('usage, core-api down', () => submitWhileCoreIsDown(context));
  await narrator.step('completeness', () => awaitCompleteness(context));
  await narrator.step('quote', () => quote(context));
  await narrator.step('invoice', () => issueInvoice(context));
  await narrator.step('payment', () => payTheInvoice(context));
  await narrator.step('revocation', () => revokeALicense(context));
  await narrator.step('two deployments', () => openInitech(context));
  await narrator.step('May', () => liveThroughMay(context));
  await narrator.step('roll-up', () => rollUpMay(context));
  await narrator.step('members in May', () => stateMay(context, folder));
  await narrator.step('late usage', () => billLateUsage(context));
  await narrator.step('PDF', () => fetchThePdf(context, folder));
  await narrator.step('two containers', () => askForContainers(context));
  await narrator.step('a container of its own', () => awaitContainer(context, folder));
  await narrator.step('a move under load', () => awaitMove(context));
  await narrator.step('the books, moved', () => findTheBooks(context));
  await narrator.step('its own address', () => useTheContainer(context));

  mkdirSync(folder, { recursive: true });
  const path = join(folder, 'report.md');
  writeFileSync(path, report(context, narrator.records));
  process.stdout.write(ending(context, narrator, folder, path));
}

function ending(context: DemoContext, narrator: Narrator, folder: string, path: string): string {
  const { subtotal, tax } = scenario.bill;
  const seconds = narrator.records.reduce((sum, { millis }) => sum + millis, 0) / 1000;
  return [
    '',
    `  ${subtotal} + ${tax} = ${context.invoice?.total.amount ?? '?'} USD; ${may.subtotal} + ${may.tax} = ${context.may?.total.amount ?? '?'} CHF. Every figure is right; the main job took ${seconds.toFixed(1)} s.`,
    '',
    '  Where to look',
    `    ${path}: what happened, step by step, with its timings`,
    `    ${join(folder, `${context.may?.number ?? ''}.pdf`)}: an invoice that a person would pay`,
    `    ${join(folder, 'statement-kim.pdf')}: what a member of a tenant is told`,
    '    ./biplane up: the same stack, kept running; the API of each service is at /docs',
    '    docs/reference: routes, errors, scopes and topics',
    '',
  ].join('\n');
}

main().catch((error: unknown) => {
  const message = `\nThe demo failed: ${error instanceof Error ? error.message : String(error)}\n`;
  // What a step began, as the traffic of a move, goes on by itself: the end does not wait for it.
  process.stderr.write(message, () => process.exit(1));
});
