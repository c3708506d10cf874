import type { Reason } from '../../../workflows/domain/failure.ts';

/** How a removal stands: of one that goes on, what is gone and what is not yet. */
export interface RemovalStanding {
  readonly service: string;
  readonly workflowId: string;
  readonly state: 'removing' | 'removed';
  readonly released: readonly string[];
  readonly kept: readonly { readonly ip: string; readonly reason: string }[];
  readonly reason: Reason | null;
}
