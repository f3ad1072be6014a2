import { randomUUID } from 'node:crypto';
import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import { PROBLEM_MEDIA_TYPE, problemOf, RefusalError } from '@biplane/kernel';

/** What Fastify's reply and Express' response have in common. */
interface Answer {
  status(code: number): Answer;
  header(name: string, value: string): Answer;
  send(body: string): unknown;
}

/** Renders refusals as tenant-api does: problem+json with the code, and `Retry-After` where it is known when to come back. */
@Catch(RefusalError)
export class RefusalFilter implements ExceptionFilter<RefusalError> {
  catch({ failure }: RefusalError, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    const { id } = http.getRequest<{ id?: unknown }>();
    const answer = http.getResponse<Answer>();
    if (failure.retryAfterSeconds !== undefined) answer.header('retry-after', String(failure.retryAfterSeconds));
    const requestId = typeof id === 'string' ? id : randomUUID();
    answer
      .status(failure.status)
      .header('content-type', PROBLEM_MEDIA_TYPE)
      .header('cache-control', 'no-store')
      .send(JSON.stringify(problemOf(failure, requestId)));
  }
}
