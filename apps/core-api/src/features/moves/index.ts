export { MovesModule } from './moves.module.js';
