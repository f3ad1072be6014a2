import { randomUUID } from 'node:crypto';
import { newPlacement, TestIssuer } from '@biplane/testing';
import type { Benchmark, Finding } from './benchmark.js';
import { BenchChild } from './child-process.js';
import type { GateServiceInput } from './gate-service.js';
import { getRequest, HttpLanes } from './http-lanes.js';
import { compareFastest, type Turn } from './rounds.js';

const lanes = 50;
const requestsPerTurn = 1_000;
const rounds = 40;
const deployments = 1_000;
const goal = 1.06;
const kid = 'bench';

/** What the guard adds to a request: the processor time of a Nest service on Fastify, with it and without it. */
export const gate: Benchmark = {
  name: 'gate',
  async run(): Promise<readonly Finding[]> {
    const issuer = new TestIssuer('eu-1', new Date());
    const placements = Array.from({ length: deployments }, () => newPlacement());
    const ids = placements.map(({ deploymentId }) => deploymentId);
    const licenses = placements.map((each) => [each.deploymentId, issuer.sign(issuer.claims(each), kid)] as const);
    const given = { rootFile: issuer.rootFile, kid, statement: issuer.keyStatement(kid), licenses };
    const [open, gated] = [await service({ ...given, hasGate: false }), await service({ ...given, hasGate: true })];
    try {
      const requests = ids.map((id) => getRequest('/work', { 'x-deployment-id': id }));
      const requestOf = (index: number): string => requests[index % deployments] as string;
      const comparison = await compareFastest(
        rounds,
        () => open.turn(requestOf),
        () => gated.turn(requestOf),
      );
      const refused = await gated.refused(ids);
      return [
        {
          name: 'the guard on a request',
          baseline: `Nest on Fastify, ${lanes} connections, processor time of the service a request`,
          subject: 'the same with the guard of libs/license-gate on the route',
          oracle: `each request was admitted; ${refused} for what is not licensed or for no deployment were refused`,
          goal,
          ...comparison,
        },
      ];
    } finally {
      await Promise.all([open.end(), gated.end()]);
    }
  },
};

async function service(input: GateServiceInput) {
  const { child, first: url } = await BenchChild.start<string>('./gate-service.js', input);
  const connections = await HttpLanes.open(url, lanes);
  const cpuMicros = async (): Promise<number> => {
    const { user, system } = await child.ask<NodeJS.CpuUsage>('cpu');
    return user + system;
  };
  const insist = async (times: number, status: string, request: (index: number) => string): Promise<void> => {
    const statuses = await connections.send(times, request);
    const came = JSON.stringify([...statuses]);
    if (statuses.get(status) !== times) throw new Error(`gate: expected ${times} answers ${status}, got ${came}`);
  };
  return {
    async turn(request: (index: number) => string): Promise<Turn> {
      const before = await cpuMicros();
      await insist(requestsPerTurn, '200', request);
      return { units: requestsPerTurn, millis: ((await cpuMicros()) - before) / 1_000 };
    },
    async refused(ids: readonly string[]): Promise<number> {
      const headerOf = (index: number) => ({ 'x-deployment-id': ids[index] as string });
      await insist(ids.length, '403', (index) => getRequest('/unlicensed', headerOf(index)));
      await insist(ids.length, '503', () => getRequest('/work', { 'x-deployment-id': randomUUID() }));
      await insist(ids.length, '400', () => getRequest('/work', {}));
      return 3 * ids.length;
    },
    async end(): Promise<void> {
      connections.close();
      await child.end();
    },
  };
}
