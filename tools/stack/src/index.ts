export { cacheFolder, openFolder, privateFolder } from './cache.js';
export { Ports } from './ports.js';
export { ensureCommand, findCommand, howToGet, SYSTEM_COMMANDS, type SystemCommand } from './system-packages.js';
export { ExternalPart, type Part, type PartContext } from './part.js';
export { completePasswords, startParts, testEnvironment, type Parts } from './parts.js';
export { endKeptRun, keptRun, temporaryRun, type RunFolder } from './run-folder.js';
export { closeRuns, ManagedProcess, ProcessGroup } from './managed-process.js';
export {
  endProcesses,
  identify,
  isAlive,
  processesOfRun,
  RUN_MARKER,
  signalProcess,
  type ProcessIdentity,
} from './process-identity.js';
export { REGIONS, startStack, type RunningStack, type StackCluster, type StackOptions } from './stack.js';
export { clusterFolder, clusterSettingsFile } from './service-specs.js';
export { readStackFile, stackFilePath, type StackFile } from './stack-file.js';
