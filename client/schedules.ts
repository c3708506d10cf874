import { Client } from '@temporalio/client';
import {
  describeSchedule,
  removeSchedule,
  type Scheduled,
  type ScheduleStanding,
  upsertSchedule,
} from '../worker/schedules.ts';
import { type Place, withConnection } from './with-connection.ts';

/** The nightly schedules follow the integrations: made, changed and removed with them (design.md 5). */
export function scheduleFollows(place: Place, integration: Scheduled): Promise<void> {
  return withClient(place, (client) => upsertSchedule(client, integration));
}

export function scheduleGoes(place: Place, integration: string): Promise<void> {
  return withClient(place, (client) => removeSchedule(client, integration));
}

/** How the schedule of each stands, by name; nothing where there is none. */
export function schedulesOf(
  place: Place,
  integrations: readonly string[],
): Promise<ReadonlyMap<string, ScheduleStanding | undefined>> {
  return withClient(place, async (client) => {
    const found = integrations.map(async (name) => [name, await describeSchedule(client, name)] as const);
    return new Map(await Promise.all(found));
  });
}

function withClient<Answer>(place: Place, ask: (client: Client) => Promise<Answer>): Promise<Answer> {
  return withConnection(place, (connection) => ask(new Client({ connection, namespace: place.namespace })));
}
