/** What is wrong with one record is told, never thrown, so that it cannot hold up the others. */
export type RecordOutcome = { readonly badRecord: string } | undefined;

/** Where a feed puts what it found. Every record is verified there: a feed is trusted with nothing. */
export interface LicenseSink {
  /** `kid` is what the feed says of the statement (a record's key); the two must agree. */
  takeKeyStatement(kid: string | null, statement: string): Promise<RecordOutcome>;
  takeLicense(deploymentId: string, compact: string): RecordOutcome;
  /** Something that is neither. */
  refuse(code: string): RecordOutcome;
}

/**
 * A source of key statements and licenses: in any order, repeated, late or damaged. That something is missing from it means nothing:
 * a suspension or a revocation is a newer signed license.
 */
export interface LicenseFeed {
  /** Returns at once, and keeps trying for ever. */
  start(sink: LicenseSink): void;
  /** The source has answered since the start. */
  readonly connected: boolean;
  /** All that the source held at the start, or when it was last read again, has gone into the sink. */
  readonly ready: boolean;
  whenReady(): Promise<void>;
  /** From the beginning: after a key was revoked, for what was learnt under it is forgotten. */
  readAgain(): void;
  /** Throws when a restart of the process would help. */
  checkLiveness(): Promise<void>;
  stop(): Promise<void>;
}
