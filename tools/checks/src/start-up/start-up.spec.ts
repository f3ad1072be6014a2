import { describe, expect, it } from '@jest/globals';
import { workspaceRoot } from '../workspace.js';
import { loadedAtStart } from './loaded-modules.js';

const packagesOf = (entry: string): readonly string[] => [...loadedAtStart(workspaceRoot(), entry).packages];

describe('what a program loads at its start', () => {
  // Large, and needed by few processes, long after their start. What each loads besides shows that its imports were followed.
  it.each([
    ['apps/core-api/src/main.ts', ['@nestjs/core', 'kafkajs', 'fflate']],
    ['apps/core-api/src/reconciler.main.ts', ['@nestjs/core', '@kubernetes/client-node']],
    ['apps/tenant-api/src/main.ts', ['@nestjs/core', 'kafkajs', 'bullmq', 'fflate']],
  ])('%s loads nothing that draws papers or sends mail', (entry, besides) => {
    const packages = packagesOf(entry);
    expect(packages).toEqual(expect.arrayContaining(besides));
    expect(packages.filter((name) => ['pdfkit', 'fontkit', 'nodemailer'].includes(name))).toEqual([]);
  });

  it('core-api loads no client of a cluster, though it says what a home is made of', () => {
    expect(packagesOf('apps/core-api/src/main.ts').filter((name) => name.startsWith('@kubernetes/'))).toEqual([]);
  });

  it('is what its imports name, and theirs, in every package of ours', () => {
    expect(packagesOf('libs/invoice-pdf/src/drawing/thread.main.ts')).toEqual(
      expect.arrayContaining(['pdfkit', 'fontkit', 'temporal-polyfill']),
    );
  });
});
