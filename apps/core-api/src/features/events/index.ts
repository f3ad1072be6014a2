export { EventsModule } from './events.module.js';
export { PlatformEvents, type EmittedEvent, type EventSink, type PlatformEvent } from './platform-events.js';
