import { setTimeout as sleep } from 'node:timers/promises';
import type { SyncRun } from '../../../activities/ledger/sync/sync-store.ts';
import { familyOf } from '../../../workflows/domain/address.ts';
import { changesOf } from '../../../workflows/domain/plan.ts';
import type { ImportRow } from '../../../workflows/domain/import-row.ts';
import { type Desk, domainOf, idOf, ipsOf, names, stuck, type Told } from './desk.ts';

/** What somebody wrote at the panel for an address that was only for a test: no tag of ours. */
const forgotten = 'test machine, ask Jane';

/** What a customer got by phone years ago stands in IPmanager alone; imported, it is somebody's, and no sync gives it back. */
export async function dayOne(desk: Desk): Promise<Told> {
  const [service, ip] = ['baker', '203.0.113.9'];
  const row: ImportRow = {
    service,
    kind: 'other',
    domain: 'baker.example',
    customer: 'c-1001',
    server: names.servers.vps,
    tariff: names.tariffs.vps,
    group: null,
    addresses: [{ ip, ptr: null }],
  };
  desk.say(`${service} had ${ip} before there was a ledger: it is imported`);
  const problems: string[] = [];
  const imported = await desk.ledger.imports.import({
    lines: oneBatch([{ line: 2, row }]),
    dryRun: false,
    skipBad: false,
    restoreRemoved: true,
    onBad: (bad) => problems.push(...bad.map(({ problem }) => `${problem.field} ${problem.value} ${problem.reason}`)),
  });
  if (imported === 'another-runs' || imported.outcome !== 'imported')
    throw stuck(
      `${service} was not imported: ${imported === 'another-runs' ? imported : problems.join('; ')}`,
      `see "iptally address show ${ip}"`,
    );
  return {
    step: 'import',
    happened: `${service} with ${ip}, given out by phone years ago, was imported: the sync leaves it its address`,
    addresses: [ip],
    workflowId: null,
  };
}

async function* oneBatch<Item>(items: readonly Item[]): AsyncGenerator<readonly Item[]> {
  yield items;
}

/** Both lists drift apart, a plan waits for a person, is approved and applied. */
export async function drift(desk: Desk): Promise<Told> {
  const lost = await freedByMistake(desk);
  const taken = await takenByHand(desk);
  const renamed = await renamedByHand(desk);
  const planned = await synced(desk);
  const waited = planned.state === 'needs-approval';
  if (waited) {
    const why = planned.reason?.message.split(';')[0] ?? 'a person is asked';
    desk.say(`the plan of ${planned.run} waits (${why}); it is approved`);
    await desk.client.syncs.approve(planned.workflowId, { checksum: planned.checksum ?? '' });
  }
  const run = await settled(desk, planned.run);
  const { done, failed, denied, changed } = run.outcomes;
  if (run.state !== 'applied' || failed + denied + changed > 0) {
    throw stuck(
      `the sync ended ${run.state}, ${failed + denied + changed} of its rows not as they should`,
      `see "iptally sync show ${run.run}"`,
    );
  }
  return {
    step: 'sync',
    happened:
      `drift in both directions: ${lost} was free in IPmanager and is in use here, ${taken} was taken there and nobody ` +
      `has it here, the PTR of ${renamed} was changed there. The plan ${waited ? 'waited for approval' : 'was small'}; ` +
      `${done} actions applied`,
    addresses: [lost, taken, renamed],
    workflowId: run.workflowId,
    runId: run.owner.runId,
  };
}

/** Right after it there is nothing to do (I10). */
export async function nothingLeft(desk: Desk): Promise<Told> {
  const run = await synced(desk);
  const changes = changesOf(run.counts);
  if (changes > 0) throw stuck(`a second sync still plans ${changes} changes`, `see "iptally sync show ${run.run}"`);
  const reported = run.counts.report ?? 0;
  return {
    step: 'sync again',
    happened: `a second sync found nothing to do${reported === 0 ? '' : `, and reports ${reported} addresses as before`}`,
    addresses: [],
    workflowId: run.workflowId,
    runId: run.owner.runId,
  };
}

/** Used here, free there: the sync takes that very address again. */
async function freedByMistake(desk: Desk): Promise<string> {
  const ip = await addressOf(desk, idOf(desk, 'vps', 1), 'ipv6');
  if ((await desk.panel.read(ip)) !== undefined) {
    desk.say(`support deletes ${ip} in IPmanager by mistake`);
    await desk.panel.release(ip);
  }
  return ip;
}

/** Used there, unknown here: the sync gives it back. */
async function takenByHand(desk: Desk): Promise<string> {
  const { rows } = await desk.billing.list();
  const there = rows.find((row) => 'ip' in row && row.note === forgotten);
  if (there !== undefined && 'ip' in there) return there.ip;
  desk.say('support takes an address in IPmanager for a test, and forgets it');
  const mark = { tag: forgotten, label: 'test' };
  const outcome = await desk.billing.allocate({ family: 'ipv4', group: 'public', mark });
  if (outcome.kind === 'allocated') return outcome.ip;
  throw stuck(outcome.failure.message, outcome.failure.next);
}

/** Another PTR there, as nobody asked for it here: the sync takes it over. */
async function renamedByHand(desk: Desk): Promise<string> {
  const ip = await addressOf(desk, idOf(desk, 'vps', 2), 'ipv4');
  const ptr = `www.${domainOf(desk, 'bert')}`;
  if ((await desk.panel.read(ip))?.ptr !== ptr) {
    desk.say(`support points ${ip} to ${ptr} in IPmanager`);
    await desk.panel.write({ ip, ptr });
  }
  return ip;
}

async function addressOf(desk: Desk, service: string, family: 'ipv4' | 'ipv6'): Promise<string> {
  const ip = (await ipsOf(desk, service)).find((one) => familyOf(one) === family);
  if (ip === undefined) throw stuck(`${service} has no ${family} address`, `see "iptally service show ${service}"`);
  return ip;
}

/** A sync until it has ended or waits for approval. */
async function synced(desk: Desk): Promise<SyncRun> {
  const { integration } = desk;
  desk.say(`the ledger and IPmanager are compared: iptally sync run ${integration}`);
  const { run } = await desk.client.syncs.run({ integration });
  return settled(desk, run);
}

async function settled(desk: Desk, run: string): Promise<SyncRun> {
  const giveUp = Date.now() + 120_000;
  for (;;) {
    const found = await desk.ledger.syncs.find(run);
    if (found !== undefined && found.state !== 'running') return found;
    if (Date.now() > giveUp) throw stuck(`${run} still runs after two minutes`, `see "iptally sync show ${run}"`);
    await sleep(200);
  }
}
