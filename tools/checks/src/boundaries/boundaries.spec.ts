import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { readProjects, workspaceRoot } from '../workspace.js';
import { canaries } from './canaries.js';
import { runCruiserGate, runLintGate, type Refusals } from './gates.js';
import { makeSkeleton, type Skeleton } from './skeleton.js';

// Every canary is planted at once and each gate runs once: both are judged by the rules that they name.
describe('the boundary gates', () => {
  let skeleton: Skeleton;
  let lint: Refusals;
  let cruiser: Refusals;

  beforeAll(async () => {
    const workspace = workspaceRoot();
    skeleton = makeSkeleton(workspace);
    for (const { path, text } of canaries) skeleton.write(path, text);
    const projects = readProjects(workspace).filter(({ root }) =>
      canaries.some(({ path }) => path.startsWith(`${root}/`)),
    );
    [lint, cruiser] = await Promise.all([runLintGate(skeleton.root, projects), runCruiserGate(skeleton.root)]);
  }, 240_000);

  afterAll(() => skeleton.remove());

  const refused = canaries.filter((canary) => canary.lint.length + canary.cruiser.length > 0);
  const passed = canaries.filter((canary) => canary.lint.length + canary.cruiser.length === 0);

  it.each(refused)('refuse $name', (canary) => {
    expect([...(lint.get(canary.path) ?? [])]).toEqual(expect.arrayContaining([...canary.lint]));
    expect([...(cruiser.get(canary.path) ?? [])]).toEqual(expect.arrayContaining([...canary.cruiser]));
  });

  it.each(passed)('let $name pass', (canary) => {
    expect({ lint: [...(lint.get(canary.path) ?? [])], cruiser: [...(cruiser.get(canary.path) ?? [])] }).toEqual({
      lint: [],
      cruiser: [],
    });
  });
});
