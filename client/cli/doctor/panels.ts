import type { Ledger } from '../../../activities/ledger/ledger.ts';
import type { IntegrationRecord, ServerRecord } from '../../../activities/ledger/records.ts';
import { probePanel, probeServer } from '../../../worker/probe.ts';
import { type Check, failed, ok, warn } from './check.ts';

/** Every panel is asked as an order would ask it: the stored password is opened, the login made, the forms read. */
export async function checkPanels(ledger: Ledger, say: (text: string) => void): Promise<readonly Check[]> {
  const checks: Check[] = [];
  for (const integration of await ledger.settings.integrations.list()) {
    say(`asking ${integration.url}`);
    checks.push(await checkIntegration(ledger, integration));
  }
  for (const server of await ledger.settings.servers.list()) {
    say(`asking ${server.url ?? server.name}`);
    checks.push(await checkServer(ledger, server));
  }
  return checks;
}

async function checkIntegration(ledger: Ledger, record: IntegrationRecord): Promise<Check> {
  const name = `integration ${record.name}`;
  try {
    const { dialect } = await probePanel(record, await ledger.settings.integrations.secretsOf(record.name));
    const detail = `${named(dialect)}, login ${dialect.login}, tag in ${dialect.tagInAllocation}`;
    const again = `run "iptally integration test ${record.name}"`;
    if (record.tagNotKept) return warn(name, `${detail}; gets no orders: it did not keep our tag`, again);
    if (dialect.tagInAllocation === 'none') {
      return warn(name, `${detail}: no order can be sent`, 'let the panel keep at least 37 characters of the note');
    }
    if (record.dialect === null) return warn(name, `${detail}; not read yet`, again);
    if (dialect.dummy) return ok(name, `${detail}; the login has no right to any address (dummy)`);
    const { dialect: before } = record;
    // `probePanel` lays what was set by hand over what it read, so only what was read alone is compared.
    const same = (['product', 'version', 'administrator', 'dummy'] as const).every(
      (key) => dialect[key] === before[key],
    );
    return same ? ok(name, detail) : warn(name, `${detail}; it was another panel when it was read last`, again);
  } catch (error) {
    return failed(name, error);
  }
}

async function checkServer(ledger: Ledger, record: ServerRecord): Promise<Check> {
  const name = `server ${record.name}`;
  try {
    const secret = record.url === null ? null : await ledger.settings.servers.secretOf(record.name);
    const { product, version, rights, missing } = await probeServer(record.name, record, secret);
    const detail = `${record.module}: ${named({ product, version })}, ${rights}`;
    if (missing.length > 0) return warn(name, `${detail}; ${missing.join('; ')}`, 'mend what is missing on the server');
    return ok(name, detail);
  } catch (error) {
    return failed(name, error);
  }
}

function named({ product, version }: { readonly product: string; readonly version: string | null }): string {
  return version === null ? product : `${product} ${version}`;
}
