import { Migration } from '@mikro-orm/migrations';

/**
 * Since when an integration speaks to the panel and login it names: approvals and counts of runs before that are of another
 * list. Of integrations that are there already nobody knows it, so all their runs count as before.
 */
export class AddPanelSince extends Migration {
  override up(): void {
    this.addSql(`alter table integration add column panel_since timestamptz not null default 'epoch'`);
    this.addSql(`alter table integration alter column panel_since set default now()`);
  }
}
