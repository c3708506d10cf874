import { Client } from '@temporalio/client';
import { type Deployment, type Idle, whyIdle } from '../worker/deployment.ts';
import { type Place, withConnection } from './with-connection.ts';
import { pollersOf } from './workers.ts';

/**
 * Why versioned workers get no new work: of the version that is asked about, else of those that poll now. Where one version
 * of a deployment is current, the others are on their way in or out, and that is as it should be.
 */
export function idleVersions(place: Place, own: Deployment | undefined): Promise<readonly Idle[]> {
  return withConnection(place, async (connection) => {
    const { namespace } = place;
    const client = new Client({ connection, namespace });
    const polling = await pollersOf({ client, namespace });
    const versions = own === undefined ? polling.flatMap(({ version }) => version ?? []) : [own];
    const looked = await Promise.all(
      versions.map(async (version) => ({ version, idle: await whyIdle(client, version) })),
    );
    const working = new Set(looked.flatMap(({ version, idle }) => (idle === undefined ? version.deploymentName : [])));
    const idle = looked.flatMap((one) => (working.has(one.version.deploymentName) ? [] : (one.idle ?? [])));
    return [...new Map(idle.map((one) => [one.message, one])).values()];
  });
}
