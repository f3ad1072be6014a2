import { applyDecorators, SetMetadata, UseGuards } from '@nestjs/common';
import { ApiHeader } from '@nestjs/swagger';
import { GateGuard } from './gate.guard.js';
import { GATE, METERS, type Gate } from './gate.metadata.js';

const ACTION = /^[a-z][a-z0-9_]*:[a-z][a-z0-9_]*$/;

/** The route needs this `module:feature` of the deployment's license. */
export function RequireModule(action: string): MethodDecorator & ClassDecorator {
  if (!ACTION.test(action)) throw new TypeError(`"${action}" is not module:feature`);
  return applyDecorators(
    SetMetadata<string, Gate>(GATE, { kind: 'module', action }),
    UseGuards(GateGuard),
    ApiHeader({
      name: 'X-Deployment-Id',
      required: false,
      description: 'The deployment that the request is for, unless its token says so',
    }),
  );
}

/** Each admitted request counts as one of this meter, and is refused when a hard limit of it is reached. */
export const Meters = (meter: string): MethodDecorator & ClassDecorator => SetMetadata(METERS, meter);

/** No license is asked, and why that is right. */
export const Ungated = (why: string): MethodDecorator & ClassDecorator =>
  SetMetadata<string, Gate>(GATE, { kind: 'ungated', why });
