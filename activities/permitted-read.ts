import { RemoteError, type IpManager, type RemoteAddress } from './ipmanager/ip-manager.ts';

/** An address as the panel shows it; one that this login may not look at is not shown, and proves nothing. */
export async function permittedRead(panel: IpManager, ip: string): Promise<RemoteAddress | undefined> {
  try {
    return await panel.read(ip);
  } catch (error) {
    if (error instanceof RemoteError && error.failure.code === 'access-denied') return undefined;
    throw error;
  }
}
