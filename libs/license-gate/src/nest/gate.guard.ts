import { Inject, Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import { RefusalError } from '@biplane/kernel';
import type { Decision } from '@biplane/licensing';
import { GATE, METERS, type Gate } from './gate.metadata.js';
import { GATE_PORTS, type GatePorts } from './gate.ports.js';
import { refusalOf, warningHeader, type Refused } from './refusal.js';

type Http = ReturnType<ExecutionContext['switchToHttp']>;

/** Fastify's reply and Express' response alike. */
interface Answer {
  header(name: string, value: string): unknown;
}

/** The license of a deployment that nobody has: a stranger's deployment gets the same answer. */
const NOBODY = '00000000-0000-0000-0000-000000000000';

/** What a route says of the license. */
interface Route {
  readonly gate: Gate | undefined;
  readonly meter: string | undefined;
}

/** Asks the license before the route runs. It comes after the guard that authenticated the caller. */
@Injectable()
export class GateGuard implements CanActivate {
  /** By controller and handler: decorators never change, and reading them takes longer than the decision. */
  private readonly routes = new WeakMap<object, Map<object, Route>>();

  constructor(
    @Inject(Reflector) private readonly reflector: Reflector,
    @Inject(GATE_PORTS) private readonly ports: GatePorts,
  ) {}

  /** Without a promise when the answer comes without one: most requests ask no limit, and a promise each is felt. */
  canActivate(context: ExecutionContext): boolean | Promise<boolean> {
    const { gate, meter } = this.routeOf(context);
    if (gate?.kind !== 'module') return true;
    const http = context.switchToHttp();
    const request: unknown = http.getRequest();
    const deploymentId = this.ports.deploymentOf(request);
    const license = this.ports.licenseOf(deploymentId);
    // Another tenant's deployment and one that does not exist get the same answer.
    const isForeign = license !== undefined && !this.ports.mayActFor(request, license);
    const newAddress = isForeign ? undefined : license?.placement.url;
    const answer = this.ports.check(isForeign ? NOBODY : deploymentId, gate.action, meter);
    const { action } = gate;
    return answer instanceof Promise
      ? answer.then((decision) => this.pass(decision, http, { action, newAddress }))
      : this.pass(answer, http, { action, newAddress });
  }

  private routeOf(context: ExecutionContext): Route {
    const [handler, controller] = [context.getHandler(), context.getClass()];
    const known = this.routes.get(controller)?.get(handler);
    if (known !== undefined) return known;
    const places = [handler, controller];
    const route = {
      gate: this.reflector.getAllAndOverride<Gate | undefined>(GATE, places),
      meter: this.reflector.getAllAndOverride<string | undefined>(METERS, places),
    };
    this.routes.set(controller, (this.routes.get(controller) ?? new Map<object, Route>()).set(handler, route));
    return route;
  }

  private pass(decision: Decision, http: Http, asked: Omit<Refused, 'now'>): true {
    if (!decision.isAllowed) throw new RefusalError(refusalOf(decision, { ...asked, now: this.ports.now() }));
    const header = warningHeader(decision.warnings);
    if (header !== undefined) http.getResponse<Answer>().header('license-warning', header);
    return true;
  }
}
