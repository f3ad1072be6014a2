import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { letterhead, membership, owedBy, Person, startsOn, timeZone, type Member, type Run } from '../acme-members.js';
import type { DemoContext } from '../context.js';
import { insist, insistEqual, until } from '../expect.js';
import type { Outcome } from '../narrator.js';
import { check } from './gate.js';
import { newHome } from './move.js';

interface SkippedPeriod {
  readonly id: string;
  readonly itemId: string;
  readonly reason: string;
}

interface Statement {
  readonly id: string;
  readonly opening: { readonly amount: string };
  readonly closing: { readonly amount: string };
  readonly sending: { readonly state: string } | null;
  readonly entries: readonly { readonly kind: string; readonly amount: { readonly amount: string } }[];
}

const automatedBilling = 'financials:automated_billing';
const runsWithinMs = 60_000;
const names = ['Kim', 'Lee', 'Noa'] as const;

/** The bootstrapped admin takes its invite, and Acme gets members of its own: none of it goes up to the platform. */
export async function openAcme(context: DemoContext): Promise<Outcome> {
  const { baseUrl } = context.submitter;
  const personOf = (name: string, email: string): Person => new Person(name, email, context.deploymentId, baseUrl);
  const admin = personOf('Ops', 'ops@acme.example');
  await admin.acceptInvite(context.inviteToken);
  await admin.expect(200, 'PUT', '/api/v1/letterhead', letterhead);
  const { code, name, monthly, currency } = membership;
  await admin.expect(201, 'POST', '/api/v1/products', { code, name });
  const terms = { productCode: code, description: name, price: { amount: monthly, currency }, intervalMonths: 1 };
  const members: Member[] = [];
  for (const called of names) {
    const person = personOf(called, `${called.toLowerCase()}@acme.example`);
    const invite = { email: person.email, name: called, role: 'member' };
    const invited = await admin.expect<{ member: { id: string }; inviteToken: string }>(201, 'POST', '/api/v1/members', invite);
    await person.acceptInvite(invited.inviteToken);
    const account = { memberId: invited.member.id, currency };
    const { id } = await admin.expect<{ id: string }>(201, 'POST', '/api/v1/accounts', account);
    const path = `/api/v1/accounts/${id}/items`;
    const item = await admin.expect<{ id: string }>(201, 'POST', path, { ...terms, timeZone, startsOn });
    members.push({ person, accountId: id, itemId: item.id });
  }
  const [kim, lee, noa] = members;
  insist(kim !== undefined && lee !== undefined && noa !== undefined, 'three members');
  context.acme = { admin, members: [kim, lee, noa] };
  return {
    headline: `Acme's admin took its invite; ${names.join(', ')} are members at ${currency} ${monthly} a month, from ${startsOn} on`,
  };
} // prettier-ignore

/** The first charge, by the license; from now on Acme's database says when. */
export async function billMarch(context: DemoContext): Promise<Outcome> {
  const { admin, members } = acme(context);
  const daily = { enabled: true, timeZone, dayOfMonth: null };
  await admin.expect(200, 'PUT', '/api/v1/billing-schedules/billing', daily);
  const run = await ranToItsEnd(context, 'billing');
  insistEqual([run.done, run.skipped], [3, 0], 'the run of March');
  insistEqual(await owed(members), ['30.00', '30.00', '30.00'], 'what the members owe for March');
  const [kim] = members;
  const payment = { kind: 'payment', amount: { amount: '30.00', currency: membership.currency }, description: 'Cash' };
  await admin.expect(201, 'POST', `/api/v1/accounts/${kim.accountId}/entries`, payment);
  insistEqual(await owedBy(kim), '0.00', 'what Kim owes');
  return { headline: 'three members charged for March, once each; Kim has paid', details: ['charged again daily, as the database of Acme says'] };
} // prettier-ignore

/** The platform takes the feature out of the license: no member is charged from here on. */
export async function loseAutomatedBilling(context: DemoContext): Promise<Outcome> {
  await switchFinancials(context, false, 'deny');
  return { headline: `Acme's license loses ${automatedBilling}; the gate refuses it` };
}

/** April's turn came without the license. Given back, it takes nothing up by itself: April waits for a decision. */
export async function decideApril(context: DemoContext): Promise<Outcome> {
  const { admin, members } = acme(context);
  const [kim, lee] = members;
  await until(
    "April's run",
    runsWithinMs,
    () => admin.expect<{ data: readonly Run[] }>(200, 'GET', '/api/v1/billing-runs'),
    ({ data }) => data.some(({ state, done, skipped }) => state === 'succeeded' && done === 0 && skipped === 3),
  );
  await switchFinancials(context, true, 'allow');
  const run = await ranToItsEnd(context, 'billing');
  insistEqual([run.done, run.skipped], [0, 0], 'a run after the license is back');
  insistEqual(await owed(members), ['0.00', '30.00', '30.00'], 'what the members owe while April waits');
  const skipped = await skippedPeriods(admin);
  insistEqual(skipped.map(({ itemId }) => itemId).sort(), members.map(({ itemId }) => itemId).sort(), 'who waits'); // prettier-ignore
  await decide(admin, skipped, kim, 'charge');
  await decide(admin, skipped, lee, 'forgive');
  insistEqual((await skippedPeriods(admin)).length, 1, 'what still waits');
  insistEqual(await owed(members), ['30.00', '30.00', '30.00'], 'what the members owe after the decisions');
  return {
    headline: "April was skipped for all three and waited: Kim's is charged now, Lee's forgiven, Noa's waits on",
    details: [`${skipped[0]?.reason}: recorded with the version of the license, and never taken up by itself`],
  };
}

/** May began for items on its 31st, as they did on 31 March; each member is told what it owes, on paper and by mail. */
export async function stateMay(context: DemoContext, folder: string): Promise<Outcome> {
  const { members } = acme(context);
  const [kim] = members;
  await until(
    'May to be charged by its schedule',
    runsWithinMs,
    () => owed(members),
    (amounts) => amounts.every((amount) => amount === '60.00'),
  );
  const run = await ranToItsEnd(context, 'statements');
  insistEqual([run.done, run.skipped], [3, 0], 'the run of statements');
  const { data } = await kim.person.expect<{ data: readonly Statement[] }>(200, 'GET', '/public/me/statements');
  insistEqual(data.length, 1, "Kim's statements");
  const path = `/public/me/statements/${data[0]?.id}`;
  const { opening, closing, entries } = await until(
    "Kim's statement to be mailed",
    runsWithinMs,
    () => kim.person.expect<Statement>(200, 'GET', path),
    ({ sending }) => sending?.state === 'sent',
  );
  insistEqual([opening.amount, closing.amount], ['0.00', '60.00'], "the ends of Kim's statement");
  const [paper, again] = [await kim.person.file(`${path}/pdf`), await kim.person.file(`${path}/pdf`)];
  insist(paper.subarray(0, 5).toString('latin1') === '%PDF-' && paper.equals(again), 'the same PDF each time');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'statement-kim.pdf');
  writeFileSync(file, paper);
  return {
    headline: `May charged by its schedule; Kim's statement: ${opening.amount} + ${entries.length} entries = ${closing.amount} ${membership.currency}`,
    details: [
      ...entries.map(({ kind, amount }) => `${kind.padEnd(10)}${amount.amount.padStart(9)}`),
      `mailed, and in ${file} under Acme's letterhead`,
    ],
  };
}

/** The books went along with the move: same members, same figures, same passwords, at another address. */
export async function findTheBooks(context: DemoContext): Promise<Outcome> {
  const { admin, members } = acme(context);
  const home = await newHome(context);
  for (const person of [admin, ...members.map((member) => member.person)]) person.goTo(home.submitter.baseUrl);
  await until(
    'June to be charged by its schedule, wherever that was',
    runsWithinMs,
    () => owed(members),
    (amounts) => amounts.every((amount) => amount === '90.00'),
  );
  const run = await ranToItsEnd(context, 'billing');
  insistEqual([run.done, run.skipped], [0, 0], 'a run at the new home');
  insistEqual(await owed(members), ['90.00', '90.00', '90.00'], 'what the members owe after a run at the new home');
  return {
    headline: `at ${home.url} the members sign in; June is charged once, and a run there charges nothing twice`,
  };
}

function acme(context: DemoContext): {
  readonly admin: Person;
  readonly members: readonly [Member, Member, Member];
} {
  insist(context.acme !== null, "Acme's members to be there");
  return context.acme;
}

async function switchFinancials(context: DemoContext, enabled: boolean, outcome: string): Promise<void> {
  const path = `/api/v1/deployments/${context.deploymentId}/modules/financials`;
  await context.core.expect(200, 'PUT', path, { enabled });
  await until(
    `the gate to ${outcome} ${automatedBilling}`,
    runsWithinMs,
    () => check(context, automatedBilling),
    (decision) => decision.outcome === outcome,
  );
}

async function ranToItsEnd(context: DemoContext, kind: 'billing' | 'statements'): Promise<Run> {
  const { admin } = acme(context);
  const { id } = await admin.expect<Run>(202, 'POST', '/api/v1/billing-runs', { kind });
  return until(
    `the run of ${kind} to end`,
    runsWithinMs,
    () => admin.expect<Run>(200, 'GET', `/api/v1/billing-runs/${id}`),
    ({ state }) => state === 'succeeded',
  );
}

async function skippedPeriods(admin: Person): Promise<readonly SkippedPeriod[]> {
  const path = '/api/v1/financials/skipped-periods';
  return (await admin.expect<{ data: readonly SkippedPeriod[] }>(200, 'GET', path)).data;
}

async function decide(
  admin: Person,
  skipped: readonly SkippedPeriod[],
  { itemId }: Member,
  decision: 'charge' | 'forgive',
): Promise<void> {
  const period = skipped.find((each) => each.itemId === itemId);
  insist(period !== undefined, `a period to ${decision}`);
  await admin.expect(204, 'POST', `/api/v1/financials/skipped-periods/${period.id}/${decision}`);
}

const owed = (members: readonly Member[]): Promise<string[]> => Promise.all(members.map(owedBy));
