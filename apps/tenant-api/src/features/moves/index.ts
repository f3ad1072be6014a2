export { HomeMoves } from './home-moves.service.js';
export type { MoveListener } from './moves.ports.js';
export { MovesModule } from './moves.module.js';
