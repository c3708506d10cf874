import { Migration } from '@mikro-orm/migrations';

/** One whole address, and no IPv4-mapped form. */
const canonical = `(masklen(ip) = case family(ip) when 4 then 32 else 128 end) and not (ip <<= '::ffff:0.0.0.0/96'::inet)`;

/** Addresses with their history, their conflicts and parked ones, and the locks on them. */
export class AddAddresses extends Migration {
  override up(): void {
    this.addAddress();
    this.addHistory();
    this.addSql(`create table conflict (
      id bigserial primary key,
      ip inet not null constraint conflict_ip_check check (${canonical}),
      integration text not null,
      holder text,
      holder_ptr text,
      holder_tag text,
      order_id text not null,
      since timestamptz not null default now(),
      mark boolean not null,
      marked_at timestamptz,
      resolved_at timestamptz
    )`);
    this.addSql(`create unique index conflict_open on conflict (ip, order_id) where resolved_at is null`);
    this.addSql(`create index conflict_order on conflict (order_id)`);
    this.addSql(`create table parked (
      id bigserial primary key,
      ip inet not null constraint parked_ip_check check (${canonical}),
      order_id text not null,
      integration text not null,
      since timestamptz not null default now(),
      ended_at timestamptz
    )`);
    this.addSql(`create unique index parked_open on parked (ip, order_id) where ended_at is null`);
    this.addSql(`create table lock (
      key text primary key,
      owner_workflow text not null,
      owner_run text not null,
      reason text not null,
      since timestamptz not null default now()
    )`);
  }

  private addAddress(): void {
    this.addSql(`create table address (
      id bigserial primary key,
      ip inet not null constraint address_ip_check check (${canonical}),
      family text not null constraint address_family_check
        check (family = case family(ip) when 4 then 'ipv4' else 'ipv6' end),
      state text not null constraint address_state_check
        check (state in ('reserved', 'active', 'releasing', 'quarantined', 'released')),
      service text constraint address_service_foreign references service (id),
      former_service text,
      former_state text,
      generation int,
      customer text,
      integration text not null,
      address_group text not null,
      order_id text,
      tag text,
      label text,
      untagged boolean not null default false,
      protected boolean not null default false,
      ptr text,
      ptr_seen text,
      ptr_change jsonb,
      quarantine_until timestamptz,
      version int not null default 1,
      since timestamptz not null default now(),
      created_at timestamptz not null default now(),
      constraint address_bound_check check ((service is not null) = (state in ('reserved', 'active'))),
      constraint address_quarantine_check check (state <> 'quarantined' or quarantine_until is not null)
    )`);
    this.addSql(`create unique index address_current on address (ip) include
      (service, integration, address_group, state, tag, untagged, protected, ptr, ptr_seen, version, order_id, quarantine_until)
      where state in ('reserved', 'active', 'releasing', 'quarantined')`);
    this.addSql(`create index address_ip on address (ip, id)`);
    this.addSql(`create index address_order_id on address (order_id)`);
    this.addSql(`create index address_service on address (service) where service is not null`);
    this.addSql(`create index address_former_service on address (former_service) where state = 'releasing'`);
  }

  private addHistory(): void {
    this.addSql(`create table address_history (
      id bigserial primary key,
      ip inet not null,
      at timestamptz not null default now(),
      event text not null,
      service text,
      customer text,
      order_id text,
      integration text not null,
      workflow_id text,
      run_id text,
      reason text
    )`);
    this.addSql(`create index address_history_ip on address_history (ip, id)`);
    const refuse = `raise exception 'address_history is only ever added to' using errcode = 'insufficient_privilege';`;
    this.addSql(`create function address_history_address_history_append_only_fn() returns trigger
      as $$ begin ${refuse} end; $$ language plpgsql`);
    this.addSql(`create trigger address_history_append_only before update or delete or truncate on address_history
      for each statement execute function address_history_address_history_append_only_fn()`);
  }
}
