export { AppModule, DOCS } from './app.module.js';
export { environmentSpec, type CoreEnvironment } from './environment.js';
