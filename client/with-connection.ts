import { Connection } from '@temporalio/client';
import type { ConnectOptions } from './index.ts';
import { asIptallyError } from './failures.ts';

export type Place = Pick<ConnectOptions, 'address' | 'namespace' | 'connectionOptions'>;

/** Asks Temporal something on a connection of its own; its failures are ours. */
export async function withConnection<Answer>(
  place: Place,
  ask: (connection: Connection) => Promise<Answer>,
): Promise<Answer> {
  const { address, namespace, connectionOptions } = place;
  let connection: Connection | undefined;
  try {
    connection = await Connection.connect({ ...connectionOptions, address, connectTimeout: '5s' });
    const open = connection;
    return await open.withDeadline(Date.now() + 10_000, () => ask(open));
  } catch (error) {
    throw asIptallyError(error, { address, namespace });
  } finally {
    await connection?.close();
  }
}
