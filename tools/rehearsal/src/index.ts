export { findPrograms, type Programs } from './postgres-server.js';
export { rehearse, type Rehearsed } from './rehearse.js';
