import { Global, Module } from '@nestjs/common';
import { LimitEngine } from './limit-engine.js';

/** Global: usage counts into it, entitlements decide by it, violations listen. */
@Global()
@Module({ providers: [LimitEngine], exports: [LimitEngine] })
export class LimitsModule {}
