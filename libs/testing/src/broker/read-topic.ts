import { randomBytes } from 'node:crypto';
import type { Broker, BrokerRecord } from '@biplane/messaging';
import { waitFor } from '../eventually.js';

/** Everything that a topic holds now, in the order of each partition. The user needs rights on groups `topics.read.*`. */
export async function readTopic(broker: Broker, topic: string): Promise<BrokerRecord[]> {
  const records: BrokerRecord[] = [];
  let caughtUp = false;
  const groupId = `topics.read.${randomBytes(6).toString('hex')}`;
  const consumer = broker.consumer({
    groupId,
    topics: [topic],
    fromBeginning: true,
    commits: false,
    onBatch: async (batch) => {
      records.push(...batch.records);
      return { nextOffset: (batch.records.at(-1)?.offset ?? -1n) + 1n };
    },
    onEvent: ({ kind }) => {
      if (kind === 'joined') records.length = 0;
      if (kind === 'caught_up') caughtUp = true;
    },
  });
  consumer.start();
  await waitFor(`the end of ${topic}`, () => caughtUp, { deadlineMs: 60_000 });
  await consumer.stop();
  await broker.deleteGroup(groupId).catch(() => undefined);
  return records;
}
