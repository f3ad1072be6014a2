export interface UsageClientStatus {
  /** Recorded and not acknowledged yet. */
  readonly events: number;
  readonly bytes: number;
  readonly oldestAt: string | undefined;
  readonly rejected: number;
  /** Why the last batch was not taken; undefined once one was. */
  readonly trouble: string | undefined;
}
