import type { Failure } from './failure.js';

export const PROBLEM_MEDIA_TYPE = 'application/problem+json';

/** RFC 9457, with our members. `type` names the code's section of the generated error reference. */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly requestId: string;
  readonly errors?: Failure['errors'];
}

/** What a failure looks like to whoever asked: the same in the services and in what a tenant service installs. */
export function problemOf(failure: Failure, requestId: string): Problem & Record<string, unknown> {
  return {
    // Members first: none of them may replace what every problem has.
    ...failure.members,
    type: problemType(failure.code),
    title: failure.title,
    status: failure.status,
    detail: failure.detail,
    code: failure.code,
    requestId,
    ...(failure.errors === undefined ? {} : { errors: failure.errors }),
  };
}

/** A URN, since a running service cannot know where its documentation is published. */
export function problemType(code: string): string {
  return `urn:biplane:error:${code}`;
}
