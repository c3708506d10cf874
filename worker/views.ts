/** Rows of the ledger as every surface shows them. */
export { addressView } from '../activities/views.ts';
export { syncView } from '../activities/sync/view.ts';
