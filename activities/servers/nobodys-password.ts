import { randomBytes } from 'node:crypto';

/**
 * A password for what a panel makes only with one. Nobody gets to know it, so it is kept nowhere and shown nowhere (I11):
 * the hoster gives a new one in the panel.
 */
export function nobodysPassword(): string {
  return randomBytes(18).toString('base64url');
}
