import { Migration } from '@mikro-orm/migrations';

/** One whole address, and no IPv4-mapped form. */
const canonical = (column: string): string =>
  `(masklen(${column}) = case family(${column}) when 4 then 32 else 128 end) and not (${column} <<= '::ffff:0.0.0.0/96'::inet)`;

/** Services, the orders of their addresses, and each sending of an order. */
export class AddServicesAndOrders extends Migration {
  override up(): void {
    this.addSql(`create table service (
      id text primary key,
      kind text not null constraint service_kind_check check (kind in ('hosting', 'vps', 'dedicated', 'licence', 'other')),
      domain text not null,
      customer text,
      server text not null,
      tariff text not null,
      state text not null constraint service_state_check
        check (state in ('provisioning', 'waiting', 'active', 'suspended', 'removing', 'removed')),
      generation int not null default 1,
      reason jsonb,
      workflow_id text,
      created_at timestamptz not null default now(),
      updated_at timestamptz not null default now()
    )`);
    this.addSql(`create index service_server on service (server)`);
    this.addSql(`create table address_order (
      id text primary key,
      service text not null constraint address_order_service_foreign references service (id),
      generation int not null,
      integration text not null,
      family text not null constraint address_order_family_check check (family in ('ipv4', 'ipv6')),
      address_group text not null,
      ptr text,
      wanted inet constraint address_order_wanted_check check (${canonical('wanted')}),
      tag text not null constraint address_order_tag unique,
      label text not null,
      owner_workflow text not null,
      owner_run text not null,
      attempts int not null default 0,
      ip inet constraint address_order_ip_check check (${canonical('ip')}),
      outcome jsonb,
      created_at timestamptz not null default now(),
      closed_at timestamptz
    )`);
    this.addSql(`create index address_order_service on address_order (service)`);
    this.addSql(`create index address_order_open on address_order (integration) where outcome is null and ip is null`);
    this.addSql(`create table order_attempt (
      order_id text not null constraint order_attempt_order_id_foreign references address_order (id),
      attempt int not null,
      workflow_id text not null,
      run_id text not null,
      sent_at timestamptz not null default now(),
      result text,
      ip inet,
      ended_at timestamptz,
      primary key (order_id, attempt)
    )`);
  }
}
