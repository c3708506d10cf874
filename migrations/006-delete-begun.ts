import { Migration } from '@mikro-orm/migrations';

/** When the delete of an address on its way out began: a run that comes after a lost one must not keep it any more. */
export class AddDeleteBegun extends Migration {
  override up(): void {
    this.addSql(`alter table address add column delete_begun_at timestamptz`);
  }
}
