import 'reflect-metadata';
import { Controller, Get, Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { FastifyAdapter, type NestFastifyApplication } from '@nestjs/platform-fastify';
import { orThrow } from '@biplane/kernel';
import { createLicenseGate, type LicenseFeed, type LicenseSink } from '@biplane/license-gate';
import { LicenseGateModule, RequireModule } from '@biplane/license-gate/nest';
import { importRootPublicKey } from '@biplane/licensing';
import { input, tell } from './child-process.js';

/** A service of its own process: the same routes with the guard of libs/license-gate, or without it. */
export interface GateServiceInput {
  readonly hasGate: boolean;
  readonly rootFile: object;
  readonly kid: string;
  readonly statement: string;
  readonly licenses: readonly (readonly [string, string])[];
}

const { hasGate, rootFile, kid, statement, licenses } = await input<GateServiceInput>();

@Controller()
class OpenController {
  @Get('work')
  work(): object {
    return { isDone: true };
  }
}

@Controller()
class GatedController {
  @Get('work')
  @RequireModule('financials:automated_billing')
  work(): object {
    return { isDone: true };
  }

  @Get('unlicensed')
  @RequireModule('search:index')
  unlicensed(): object {
    return { isDone: true };
  }
}

/** All records are there at the start. */
class GivenFeed implements LicenseFeed {
  readonly connected = true;
  readonly ready = true;
  private reading = Promise.resolve();

  start(sink: LicenseSink): void {
    this.reading = this.read(sink);
  }

  whenReady(): Promise<void> {
    return this.reading;
  }

  readAgain(): void {
    throw new Error('gate: no key of the benchmark is ever revoked');
  }

  checkLiveness(): Promise<void> {
    return Promise.resolve();
  }

  stop(): Promise<void> {
    return Promise.resolve();
  }

  private async read(sink: LicenseSink): Promise<void> {
    await sink.takeKeyStatement(kid, statement);
    for (const [deploymentId, license] of licenses) {
      const bad = sink.takeLicense(deploymentId, license);
      if (bad) throw new Error(`gate: ${bad.badRecord}`);
    }
  }
}

async function start(): Promise<void> {
  const gate = createLicenseGate({ rootKey: orThrow(importRootPublicKey(rootFile)), feed: new GivenFeed() });
  @Module({ imports: [LicenseGateModule.forRoot({ gate })], controllers: [GatedController] })
  class GatedModule {}
  @Module({ controllers: [OpenController] })
  class OpenModule {}
  const app = await NestFactory.create<NestFastifyApplication>(
    hasGate ? GatedModule : OpenModule,
    new FastifyAdapter(),
    { logger: false },
  );
  await app.listen(0, '127.0.0.1');
  await gate.whenRead();
  process.on('message', () => tell(process.cpuUsage()));
  process.on('disconnect', () => process.exit());
  tell(await app.getUrl());
}

await start();
