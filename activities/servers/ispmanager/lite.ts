import type { ModuleDefinition } from '../module-definition.ts';
import type { ServerModule, ServerOutcome } from '../server-module.ts';
import { createIspManager } from './create-module.ts';
import { ispManagerSettings } from './settings.ts';

const capabilities = { addresses: false, lists: true, reported: false };

/**
 * ispmanager lite has no address management (documented: reference 5.5): its orders are answered `not-allocated`. With a
 * URL, users are made there; without one there is nothing to do and that is a success, as its services need no address.
 */
export const ispmanagerLite: ModuleDefinition = {
  name: 'ispmanager-lite',
  capabilities,
  needsUrl: false,
  settings: ispManagerSettings,
  create: (connection) =>
    connection.url === null ? offline : withoutAddresses(createIspManager(connection, capabilities)),
};

const done: ServerOutcome = { kind: 'done' };

const noAddresses: ServerOutcome = {
  kind: 'refused',
  failure: {
    code: 'server-without-addresses',
    message: 'ispmanager lite cannot give a service an address of its own',
    next: 'Use a server with ispmanager business for services with dedicated addresses.',
  },
};

function withoutAddresses(online: ServerModule): ServerModule {
  return {
    ...online,
    setUp: async (request) => (request.addresses.length > 0 ? noAddresses : online.setUp(request)),
    addAddress: async () => noAddresses,
    removeAddress: async () => done,
    addressesOf: async () => [],
  };
}

const offline: ServerModule = {
  capabilities,
  setUp: async (request) => (request.addresses.length > 0 ? noAddresses : done),
  addAddress: async () => noAddresses,
  removeAddress: async () => done,
  addressesOf: async () => undefined,
  remove: async () => done,
  progressOf: async () => done,
  test: async () => ({ product: 'ispmanager lite', version: null, rights: 'none needed', missing: [] }),
  close: async () => undefined,
};
