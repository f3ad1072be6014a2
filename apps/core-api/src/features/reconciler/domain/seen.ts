/** What was seen of a home, as the homes feature keeps it. */
export interface Seen {
  readonly type: 'Applied' | 'Available' | 'Gone';
  readonly status: boolean;
  /** A code. */
  readonly reason: string;
  /** What the cluster said, for people; never a secret. */
  readonly message: string | null;
}
