import type { ServiceRecord } from '../../../activities/ledger/records.ts';
import type { Ledger } from '../../../activities/ledger/ledger.ts';
import { type ServiceStanding, workflowIds } from '../../../workflows/contract.ts';
import { type ServiceState, serviceStates } from '../../../workflows/domain/states.ts';
import { type ProvisionServiceInput, provisionServiceInput } from '../../../workflows/inputs/inputs.ts';
import { IptallyError } from '../../../worker/iptally-error.ts';
import { accepted } from '../../accepted.ts';
import { serviceDetail, serviceView, webUiLink } from '../../views/service.ts';
import { noSuch } from '../errors.ts';
import { allocationText, serviceDetails, serviceTable, standingText } from '../render/service.ts';
import type { Outcome } from '../run.ts';
import type { Session } from '../session.ts';
import { follow } from './follow.ts';
import { oneOf } from './one-of.ts';

export interface ProvisionFlags {
  readonly kind: string;
  readonly domain: string;
  readonly server: string;
  readonly tariff: string;
  readonly customer?: string | undefined;
  readonly wait: boolean;
}

/** Orders what the tariff allows and answers as soon as the addresses are reserved, long before the server is done. */
export async function provisionService(session: Session, id: string, flags: ProvisionFlags): Promise<Outcome> {
  const { kind, domain, server, tariff, customer } = flags;
  const service = { id, kind, domain, server, tariff, ...(customer === undefined ? {} : { customer }) };
  const input: ProvisionServiceInput = accepted(provisionServiceInput, { service }, 'provisionService');
  const client = await session.client();
  const workflowId = workflowIds.provisionService(id);
  const work = (signal: AbortSignal) => client.provisionService(input, { wait: flags.wait, signal });
  const answer = await follow(session, { client, workflowId, work });
  if ('early' in answer) throw new Error('provisioning ends with its answer');
  return { json: answer.result, text: allocationText(answer.result, webUiLink(session.config, workflowId)) };
}

export async function listServices(
  session: Session,
  filter: { readonly state?: string | undefined; readonly server?: string | undefined },
): Promise<Outcome> {
  const state = filter.state === undefined ? undefined : oneOf<ServiceState>('state', filter.state, serviceStates);
  const { ledger } = await session.parts();
  const { server } = filter;
  const found = await ledger.services.list({ ...(state ? { state } : {}), ...(server ? { server } : {}) });
  const services = found.map(serviceView);
  return { json: { services }, text: serviceTable(services) };
}

export async function showService(session: Session, id: string): Promise<Outcome> {
  const { ledger } = await session.parts();
  const record = await knownService(ledger, id);
  const view = serviceDetail(record, await ledger.addresses.list({ service: id }), session.config);
  return { json: view, text: serviceDetails(view) };
}

export async function retryService(session: Session, id: string): Promise<Outcome> {
  return steered(session, id, (client) => client.retrySetup(id));
}

export async function abandonService(session: Session, id: string): Promise<Outcome> {
  return steered(session, id, (client) => client.abandon(id));
}

/** The provisioning system's report for a server of the module `external`. */
export async function reportSetUp(
  session: Session,
  id: string,
  flags: { readonly failed?: string | undefined; readonly updateId?: string | undefined },
): Promise<Outcome> {
  const report = flags.failed === undefined ? { ok: true } : { ok: false, reason: flags.failed };
  return steered(session, id, (client) => client.setupFinished(id, report, flags.updateId));
}

type Client = Awaited<ReturnType<Session['client']>>;

async function steered(
  session: Session,
  id: string,
  steer: (client: Client) => Promise<ServiceStanding>,
): Promise<Outcome> {
  const { ledger } = await session.parts();
  const { state } = await knownService(ledger, id);
  const workflowId = workflowIds.provisionService(id);
  const standing = await steer(await session.client()).catch((error: unknown) => {
    throw error instanceof IptallyError && error.code === 'not-running' ? nothingRuns(id, state) : error;
  });
  return { json: { ...standing, workflowId }, text: standingText(standing, webUiLink(session.config, workflowId)) };
}

function nothingRuns(id: string, state: ServiceState): IptallyError {
  return new IptallyError({
    code: 'nothing-to-steer',
    message: `${id} is ${state}, and no set-up of it runs: nothing was changed`,
    field: 'service',
    value: id,
    accepted: 'a service whose set-up runs or waits',
    next: `see "iptally service show ${id}"`,
    exitStatus: 3,
  });
}

/** The service, or the refusal that says where to look. */
export async function knownService(ledger: Ledger, id: string): Promise<ServiceRecord> {
  const found = await ledger.services.find(id);
  if (found !== undefined) return found;
  const known = await ledger.services.list();
  throw noSuch(
    'service',
    id,
    known.filter((one) => one.state !== 'removed').map((one) => one.id),
  );
}
