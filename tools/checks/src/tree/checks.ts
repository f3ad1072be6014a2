import { observability } from '../observability/observability-checks.js';
import { readmes } from './readme-checks.js';
import {
  controllerName,
  fileSizes,
  fixedSleeps,
  floatsNearMoney,
  machinePaths,
  narrowedTests,
  reasonedSuppressions,
  registryHosts,
  spelling,
  unfinished,
} from './text-checks.js';
import type { Check } from './tree.js';
import { generatedFiles, links, migrations, pinnedVersions, tags } from './workspace-checks.js';

/** Every check of the repository, in the order of the report. */
export const checks: readonly Check[] = [
  tags,
  pinnedVersions,
  generatedFiles,
  migrations,
  readmes,
  links,
  fileSizes,
  spelling,
  unfinished,
  registryHosts,
  machinePaths,
  narrowedTests,
  fixedSleeps,
  floatsNearMoney,
  reasonedSuppressions,
  controllerName,
  observability,
];
