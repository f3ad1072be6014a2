import { asJavaScript } from '@biplane/testing/source-tree';

await import(await asJavaScript(new URL('../drawing/thread.main.ts', import.meta.url)));
