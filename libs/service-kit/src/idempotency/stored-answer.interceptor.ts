import { Injectable, type CallHandler, type ExecutionContext, type NestInterceptor } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { map, type Observable } from 'rxjs';
import { StoredAnswer } from './stored-answer.js';

/** Turns a returned StoredAnswer into the HTTP answer; a replayed one says so in a header. */
@Injectable()
export class StoredAnswerInterceptor implements NestInterceptor {
  intercept(context: ExecutionContext, next: CallHandler): Observable<unknown> {
    if (context.getType() !== 'http') return next.handle();
    return next.handle().pipe(
      map((value: unknown) => {
        if (!(value instanceof StoredAnswer)) return value;
        const reply = context.switchToHttp().getResponse<FastifyReply>();
        void reply.status(value.status).headers({ ...value.headers });
        if (value.replayed) void reply.header('idempotency-replayed', 'true');
        return value.body;
      }),
    );
  }
}
