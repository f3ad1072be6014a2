interface Round {
  fetched: boolean;
  sawBatch: boolean;
  partial: boolean;
  empty: boolean;
}

/**
 * Tells when a whole round of fetches brought nothing. Needed for compacted partitions whose tail was removed: there the
 * last offset delivered stays below the high mark for ever, and kafkajs reports no batch for an empty answer.
 */
export class FetchRounds {
  private readonly nodes = new Map<number, Round>();

  reset(): void {
    this.nodes.clear();
  }

  /**
   * Returns true when, with the round that ends here, every node has had an empty one. `partial` says that the fetch
   * that starts leaves paused partitions out: that it brings nothing will mean nothing.
   */
  fetchStarts(nodeId: number, partial: boolean): boolean {
    const node = this.nodes.get(nodeId);
    if (node === undefined) {
      this.nodes.set(nodeId, { fetched: false, sawBatch: false, partial, empty: false });
      return false;
    }
    if (node.fetched && !node.sawBatch && !node.partial) node.empty = true;
    Object.assign(node, { fetched: false, partial });
    return [...this.nodes.values()].every(({ empty }) => empty);
  }

  fetchEnds(nodeId: number): void {
    const node = this.nodes.get(nodeId);
    if (node !== undefined) Object.assign(node, { fetched: true, sawBatch: false });
  }

  /** kafkajs does not say of which node a batch came, so it counts for all: late at worst, never early. */
  batchStarts(): void {
    for (const node of this.nodes.values()) node.sawBatch = true;
  }
}
