import type { RestRequest } from '../../rest/exchange.ts';
import { nobodysPassword } from '../nobodys-password.ts';
import type { NewGuest } from './guest-kind.ts';

/** The request that makes a container: what both kinds of them are told, then what one of them is told besides. */
export function containerCreation(
  type: 'lxc' | 'openvz',
  { vmid, node, name, notes, settings }: NewGuest,
  besides: Readonly<Record<string, string>>,
): RestRequest {
  const password = nobodysPassword();
  return {
    method: 'POST',
    path: `/nodes/${node}/${type}`,
    secrets: [password],
    form: {
      vmid: String(vmid),
      ostemplate: settings.template,
      hostname: name,
      description: notes,
      password,
      ...besides,
    },
  };
}
