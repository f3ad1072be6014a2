import { Global, Module } from '@nestjs/common';
import { PlatformEvents } from './platform-events.js';

/** Global: every feature in which something happens that the outside may know tells it. */
@Global()
@Module({ providers: [PlatformEvents], exports: [PlatformEvents] })
export class EventsModule {}
