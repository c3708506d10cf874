import type { Connection } from '@temporalio/client';
import { searchAttributes } from '../workflows/contract.ts';
import { type Place, withConnection } from './with-connection.ts';

const names = Object.values(searchAttributes).map(({ name }) => name);
/** Temporal's number for the type KEYWORD. */
const keyword = 2;

/** Our search attributes the namespace does not know: workflows that set one would hang in their first task. */
export async function missingSearchAttributes(place: Place): Promise<readonly string[]> {
  return withConnection(place, (connection) => missing(connection, place.namespace));
}

/** Makes those that are missing known to the namespace; answers which. */
export async function registerSearchAttributes(place: Place): Promise<readonly string[]> {
  return withConnection(place, async (connection) => {
    const wanted = await missing(connection, place.namespace);
    if (wanted.length === 0) return wanted;
    await connection.operatorService.addSearchAttributes({
      namespace: place.namespace,
      searchAttributes: Object.fromEntries(wanted.map((name) => [name, keyword])),
    });
    return wanted;
  });
}

async function missing(connection: Connection, namespace: string): Promise<readonly string[]> {
  const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
  return names.filter((name) => customAttributes[name] === undefined);
}
