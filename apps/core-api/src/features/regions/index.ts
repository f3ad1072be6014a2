export { RegionsModule } from './regions.module.js';
export { RegionsService } from './regions.service.js';
export type { Home, Pool, Region } from './regions.store.js';
