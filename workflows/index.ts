/** What a worker runs, by name. */
export { addAddress } from './add-address.ts';
export { changePtr } from './change-ptr.ts';
export { provisionService } from './provision-service.ts';
export { releaseAddress } from './release-address.ts';
export { removeService } from './remove-service.ts';
export { resolveConflict } from './resolve-conflict.ts';
export { syncIntegration } from './sync-integration.ts';
