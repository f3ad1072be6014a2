import { parentPort, threadId } from 'node:worker_threads';

// A thread in place of the one that draws: it does with a statement what the name of its account says.
let drawn = 0;
parentPort.on('message', ({ statement }) => {
  switch (statement.accountId) {
    case 'dies':
      return process.exit(7);
    case 'throws':
      throw new Error('a bug outside of any paper');
    case 'throws nothing':
      throw null;
    case 'hangs':
      for (;;);
    case 'fills': {
      const held = [];
      for (;;) held.push(Array.from({ length: 100_000 }, (_, index) => ({ index })));
    }
    case 'waits':
      return undefined;
    case 'which':
      return parentPort.postMessage({ bytes: Uint8Array.of(threadId) });
    default:
      drawn += 1;
      return parentPort.postMessage({ bytes: Uint8Array.of(drawn) });
  }
});
