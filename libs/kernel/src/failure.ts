/** One mistake in a request body: where (RFC 6901 JSON pointer), which (a stable code) and what a person should know. */
export interface FieldError {
  readonly pointer: string;
  readonly code: string;
  readonly detail: string;
}

/**
 * Expected bad news, told to the caller. It carries all that an `application/problem+json` answer needs.
 * Made by the factories of `declareErrors`, so that no code exists undeclared.
 */
export interface Failure {
  /** `NAMESPACE.SUBCODE`; clients branch on it, so it never changes its meaning. */
  readonly code: string;
  /** The HTTP status of the answer. */
  readonly status: number;
  /** The same sentence each time the code is used. */
  readonly title: string;
  /** What happened this time. */
  readonly detail: string;
  readonly errors?: readonly FieldError[];
  /** Further members of the problem document, for example `allowed` of a forbidden transition. */
  readonly members?: Readonly<Record<string, unknown>>;
  readonly retryAfterSeconds?: number;
}
