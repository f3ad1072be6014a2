export { LetterheadErrors } from './letterhead.errors.js';
export { LetterheadModule } from './letterhead.module.js';
export { Letterheads } from './letterheads.service.js';
