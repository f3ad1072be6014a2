import type { Tx, UnitOfWork } from '@biplane/service-kit';
import { HANDED_TABLES, KEY_TABLE } from './domain/handed-tables.js';
import { clear, inUtc, keyPage, parcelPage, putRows, tableWord, type Handover } from './parcels.store.js';
import type { TableWord } from './table-words.js';

const PAGE = 2_000;
const TIMEOUT_MS = 9 * 60_000;

/**
 * Puts what the old home packed into the new one, in one transaction there, and says what is there then. Whatever an earlier try left
 * is replaced, so it may be done again after a crash at any point.
 */
export function copyHome(from: UnitOfWork, to: UnitOfWork, handover: Handover): Promise<TableWord[]> {
  return to.run(
    async (tx) => {
      await inUtc(tx);
      await clear(tx, handover);
      for (const table of HANDED_TABLES) {
        let afterId = '0';
        for (;;) {
          const page = await parcelPage(from.reader, handover, table.name, afterId, PAGE);
          if (page === null) break;
          await putRows(tx, table, page.rows);
          afterId = page.lastId;
        }
      }
      await copyKeys(from, tx, handover);
      const words: TableWord[] = [];
      for (const table of [...HANDED_TABLES, KEY_TABLE]) {
        words.push(await tableWord(tx, table, handover.deploymentId, handover.keptSince));
      }
      return words;
    },
    { timeoutMs: TIMEOUT_MS },
  );
}

async function copyKeys(from: UnitOfWork, tx: Tx, handover: Handover): Promise<void> {
  let after = { source: '', eventId: '' };
  for (;;) {
    const page = await from.run(
      async (reading) => {
        await inUtc(reading);
        return keyPage(reading, handover, after, PAGE);
      },
      { timeoutMs: TIMEOUT_MS },
    );
    if (page === null) return;
    await putRows(tx, KEY_TABLE, page.rows);
    after = page;
  }
}
