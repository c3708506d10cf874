import { Migration } from '@mikro-orm/migrations';

/** What operators set up: this installation, its integrations, servers and tariffs. */
export class AddSettings extends Migration {
  override up(): void {
    this.addSql(`create table installation (
      one int primary key constraint installation_one_check check (one = 1),
      id text not null constraint installation_id_check check (id ~ '^[0-9a-f]{12}$'),
      created_at timestamptz not null default now()
    )`);
    this.addSql(`create table integration (
      name text primary key,
      url text not null,
      login text not null,
      admin_login text,
      password_sealed text not null,
      admin_password_sealed text,
      ignored_groups text[] not null default '{}',
      policy text not null constraint integration_policy_check check (policy in ('observe', 'owned', 'all')),
      time_zone text not null,
      cool_down_ms bigint not null,
      quarantine_ms bigint not null,
      request_timeout_ms bigint not null,
      fence_ms bigint not null,
      max_attempts int not null,
      max_conflicts int not null,
      on_conflict text not null constraint integration_on_conflict_check check (on_conflict in ('mark', 'heal')),
      ca text,
      pin text,
      allow_plain_http boolean not null default false,
      dialect jsonb,
      dialect_overrides jsonb not null default '{}',
      tag_not_kept boolean not null default false,
      created_at timestamptz not null default now(),
      constraint integration_panel unique (url, login)
    )`);
    this.addSql(`create table server (
      name text primary key,
      module text not null,
      url text,
      login text,
      secret_sealed text,
      integration text constraint server_integration_foreign references integration (name),
      settings jsonb not null default '{}',
      request_timeout_ms bigint not null,
      ca text,
      pin text,
      allow_plain_http boolean not null default false,
      created_at timestamptz not null default now()
    )`);
    this.addSql(`create table tariff (
      name text primary key,
      dedicated boolean not null,
      ipv4 int not null,
      ipv6 int not null,
      address_group text,
      created_at timestamptz not null default now(),
      constraint tariff_addresses_check check (ipv4 >= 0 and ipv6 >= 0 and ipv4 + ipv6 <= 32)
    )`);
  }
}
