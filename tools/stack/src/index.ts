export { cacheFolder, openFolder, privateFolder } from './cache.js';
export { Ports } from './ports.js';
export { ensureCommand, findCommand, howToGet, SYSTEM_COMMANDS, type SystemCommand } from './system-packages.js';
export type { Part, PartContext } from './part.js';
export { completePasswords, startParts, testEnvironment, type Parts } from './parts.js';
export { endKeptRun, keptRun, temporaryRun, type RunFolder } from './run-folder.js';
export { isAlive, RUN_MARKER } from './process-identity.js';
export { REGIONS, startStack, type RunningStack, type StackOptions } from './stack.js';
export { readStackFile, stackFilePath, type StackFile } from './stack-file.js';
