import { z } from 'zod';
import { policies } from '../domain/plan.ts';
import { name, object } from './fields.ts';

/** Inputs of `syncIntegration` and of its messages. Unknown fields are refused by name. */

const accepted = `accepted: ${policies.join(', ')}`;

export const syncIntegrationInput = object({
  integration: name,
  /** Plan only, whatever the policy. */
  dryRun: z.boolean('accepted: true or false').nullish(),
  /** Instead of the integration's own, for this run. */
  policy: z.enum(policies, { error: accepted }).nullish(),
});

const checksum = z
  .string({ error: 'must be a text: the checksum the plan was shown with' })
  .regex(/^[0-9a-f]{8,128}$/, 'accepted: the checksum the plan was shown with, hex digits');

export const approveInput = object({ checksum });

export type SyncIntegrationInput = z.input<typeof syncIntegrationInput>;
export type SyncIntegration = z.output<typeof syncIntegrationInput>;
export type ApproveInput = z.input<typeof approveInput>;
