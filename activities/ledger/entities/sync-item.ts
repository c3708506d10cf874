import { defineEntity, p } from '@mikro-orm/postgresql';
import { actions, type Action, type Discrepancy } from '../../../workflows/domain/discrepancy.ts';
import { outcomes, type Outcome } from '../../../workflows/domain/plan.ts';
import { oneOf } from './checks.ts';

/** One row of a plan. `position` keeps the order of addresses, also for rows that are no one address. */
export const SyncItemEntity = defineEntity({
  name: 'SyncItemEntity',
  tableName: 'sync_item',
  properties: {
    run: p.text().primary(),
    position: p.integer().primary(),
    /** A text: a network that stands in a panel's list is reported as it was written. */
    ip: p.text(),
    discrepancy: p.text().$type<Discrepancy>(),
    action: p.text().$type<Action>(),
    reason: p.text(),
    remoteHeld: p.boolean(),
    remoteTag: p.text().nullable(),
    remoteGroup: p.text().nullable(),
    remotePtr: p.text().nullable(),
    version: p.integer().nullable(),
    outcome: p.text().$type<Outcome>().nullable(),
    outcomeReason: p.text().nullable(),
  },
  uniques: [{ name: 'sync_item_ip', properties: ['run', 'ip'] }],
  checks: [
    { name: 'sync_item_action_check', expression: oneOf('action', actions) },
    { name: 'sync_item_outcome_check', expression: oneOf('outcome', outcomes) },
  ],
});
