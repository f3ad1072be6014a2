import { Body, Controller, Header, Headers, HttpCode, Inject, Ip, Post } from '@nestjs/common';
import { ApiOkResponse, ApiTags } from '@nestjs/swagger';
import { RefusalError } from '@biplane/kernel';
import { AccessBy, addressOf, RateLimiter, RequestErrors } from '@biplane/service-kit';
import { Ungated } from '../license/index.js';
import { EnrollmentAnswer, EnrollRequest } from './enrollment.dto.js';
import { EnrollmentErrors } from './enrollment.errors.js';
import { EnrollmentService } from './enrollment.service.js';

/** Pods of a region start together and try again; whoever guesses tokens tries without end. */
const RATE_LIMIT = { perSecond: 20, burst: 200 };
const BEARER = /^Bearer ([A-Za-z0-9._~+/=-]{16,512})$/i;

@ApiTags('enrollment')
@Controller('internal/homes')
export class EnrollmentController {
  private readonly limiter = new RateLimiter(RATE_LIMIT);

  constructor(@Inject(EnrollmentService) private readonly enrollment: EnrollmentService) {}

  /** Makes what a dedicated home needs and answers its credentials. Asked again, it answers the same. */
  @Post('enroll')
  @AccessBy('enrollment token of the home')
  @Ungated('the license is asked for its enrollment, whatever else it says')
  @HttpCode(200)
  @Header('cache-control', 'no-store')
  @ApiOkResponse({ type: EnrollmentAnswer })
  async enroll(
    @Body() request: EnrollRequest,
    @Headers('authorization') authorization: string | undefined,
    @Ip() address: string,
  ): Promise<EnrollmentAnswer> {
    const waitSeconds = this.limiter.take(addressOf(address));
    if (waitSeconds > 0) {
      const detail = 'Too many enrollments from this address';
      throw new RefusalError(RequestErrors.RATE_LIMITED({ detail, retryAfterSeconds: waitSeconds }));
    }
    const token = BEARER.exec(authorization ?? '')?.[1];
    if (token === undefined) {
      throw new RefusalError(EnrollmentErrors.TOKEN_REFUSED({ detail: 'The request has no enrollment token' }));
    }
    return this.enrollment.enroll(request, token);
  }
}
