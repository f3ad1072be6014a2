import type { ApplyOutcome, ClusterGateway, DeleteOutcome } from './cluster-gateway.js';
import type { WritingAction } from './domain/actions.js';

export type ActionOutcome = ApplyOutcome | { readonly kind: 'deleted'; readonly outcome: DeleteOutcome };

/** Does one step of a plan. May throw a `ClusterError`. */
export async function carryOut(gateway: ClusterGateway, action: WritingAction): Promise<ActionOutcome> {
  if (action.do !== 'delete') return gateway.apply(action.object);
  return { kind: 'deleted', outcome: await gateway.delete(action.ref, { uid: action.uid }) };
}
