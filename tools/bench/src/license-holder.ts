import { Logger } from '@nestjs/common';
import { orThrow } from '@biplane/kernel';
import { createLicenseGate } from '@biplane/license-gate';
import { KafkaFeed } from '@biplane/license-gate/kafka';
import { importRootPublicKey } from '@biplane/licensing';
import { input, tell } from './child-process.js';

/** A process that holds licenses from Kafka, and tells when it enforces another version of one. */
export interface LicenseHolderInput {
  readonly rootFile: object;
  readonly region: string;
  readonly deploymentId: string;
  readonly action: string;
  readonly kafka: { readonly brokers: readonly string[]; readonly username: string; readonly password: string };
}

/** Its answer from `atNs` on, by the clock that all processes of a machine share. */
export interface Enforced {
  readonly version: number;
  readonly isAllowed: boolean;
  readonly atNs: string;
}

/** Answers that were older than one which this process had already given. */
export interface HolderEnd {
  readonly asked: number;
  readonly wentBack: number;
  readonly version: number;
}

Logger.overrideLogger(false); // key statements of others are refused one by one
const { rootFile, region, deploymentId, action, kafka } = await input<LicenseHolderInput>();
const gate = createLicenseGate({
  rootKey: orThrow(importRootPublicKey(rootFile)),
  feed: new KafkaFeed({ kafka, region, service: 'bench' }),
});
let version = 0;
let asked = 0;
let wentBack = 0;

function ask(): void {
  const decision = gate.check(deploymentId, action);
  const given = decision.licenseVersion ?? 0;
  asked += 1;
  if (given < version) wentBack += 1;
  if (given <= version) return;
  version = given;
  tell({ version, isAllowed: decision.isAllowed, atNs: String(process.hrtime.bigint()) } satisfies Enforced);
}

gate.onChange(ask);
// As requests do, all the time: an answer by an older version than the last one would be seen here.
setInterval(ask, 5);
process.on('message', () => tell({ asked, wentBack, version } satisfies HolderEnd));
process.on('disconnect', () => process.exit());
await gate.start();
await gate.whenRead();
tell('ready');
