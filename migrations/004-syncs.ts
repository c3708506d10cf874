import { Migration } from '@mikro-orm/migrations';

/** Syncs: their runs, their plans row by row, what was seen on which night, what decides per integration; and imports. */
export class AddSyncs extends Migration {
  override up(): void {
    this.addSql(`alter table integration
      add column confirm_sightings int not null default 1,
      add column release_limit int not null default 100,
      add column shrink_rows int not null default 10,
      add column shrink_percent double precision not null default 5,
      add column ask_rows int not null default 10,
      add column ask_percent double precision not null default 1,
      add column tag_imported boolean not null default false`);
    this.addSql(`create index address_order_label on address_order (label)`);
    this.addRun();
    this.addItem();
    this.addImport();
    this.addSql(`create table sighting (
      integration text not null,
      ip inet not null,
      tag text,
      address_group text not null,
      ptr text not null,
      dates int not null default 1,
      last_date text not null,
      last_run text not null,
      primary key (integration, ip)
    )`);
  }

  private addRun(): void {
    this.addSql(`create table sync_run (
      run text primary key,
      integration text not null,
      owner_workflow text not null,
      owner_run text not null,
      login text not null,
      policy text not null constraint sync_run_policy_check check (policy in ('observe', 'owned', 'all')),
      dry_run boolean not null,
      scheduled_for text,
      state text not null default 'running' constraint sync_run_state_check check (state in ('running', 'needs-approval',
        'applied', 'planned', 'refused', 'rejected', 'expired', 'superseded', 'failed')),
      verdict text constraint sync_run_verdict_check check (verdict in ('apply', 'needs-approval', 'refuse')),
      reason jsonb,
      checksum text,
      counts jsonb not null default '{}',
      done int not null default 0,
      failed int not null default 0,
      denied int not null default 0,
      changed int not null default 0,
      remote_count int,
      ledger_count int,
      listing int not null default 1,
      next_page int not null default 1,
      page_size int,
      last_ip inet,
      rows_read int not null default 0,
      rows_total int,
      session text,
      ledger_rows int not null default 0,
      planned int not null default 0,
      history_before bigint not null,
      started_at timestamptz not null default now(),
      approved_at timestamptz,
      ended_at timestamptz
    )`);
    this.addSql(`create unique index sync_run_owner on sync_run (owner_workflow, owner_run)`);
    this.addSql(`create unique index sync_run_date on sync_run (integration, scheduled_for)
      where scheduled_for is not null`);
    this.addSql(`create index sync_run_integration on sync_run (integration, run)`);
  }

  private addItem(): void {
    // Each row is written again once, with its outcome: with room beside it no index is touched by that.
    this.addSql(`create table sync_item (
      run text not null,
      position int not null,
      ip text not null,
      discrepancy text not null,
      action text not null constraint sync_item_action_check
        check (action in ('release', 'occupy', 'adopt-ptr', 'write-ptr', 'tag', 'report')),
      reason text not null,
      remote_held boolean not null,
      remote_tag text,
      remote_group text,
      remote_ptr text,
      version int,
      outcome text constraint sync_item_outcome_check check (outcome in ('done', 'failed', 'denied', 'changed')),
      outcome_reason text,
      primary key (run, position)
    ) with (fillfactor = 50)`);
    this.addSql(`create unique index sync_item_ip on sync_item (run, ip)`);
  }

  /** Where rows of an import wait until all of them are checked: nothing that has to outlive a crash, so unlogged. */
  private addImport(): void {
    this.addSql(`create unlogged table import_row (
      batch text not null,
      line int not null,
      nth int not null,
      service text not null,
      kind text not null,
      domain text not null,
      customer text,
      server text not null,
      tariff text not null,
      address_group text,
      ip inet,
      ptr text,
      problem text,
      detail text,
      primary key (batch, line, nth)
    )`);
  }
}
