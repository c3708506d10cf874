import type { RestRequest } from '../../rest/exchange.ts';
import { guestPath } from './cluster-view.ts';
import type { Guest } from './find-guest.ts';
import type { ConfigChange } from './guest-kind.ts';
import { textIn } from './values.ts';

/**
 * One change of a guest's configuration, done when it is answered (documented: reference 5.4). The digest of what was
 * read goes with it: the panel refuses when somebody changed the guest since, and nothing of theirs is lost.
 */
export function configRequest({ listed, config }: Guest, { set, remove }: ConfigChange): RestRequest {
  const digest = textIn(config, 'digest');
  return {
    method: 'PUT',
    path: `${guestPath(listed)}/config`,
    form: {
      ...set,
      ...(remove.length === 0 ? {} : { delete: remove.join(',') }),
      ...(digest === undefined ? {} : { digest }),
    },
  };
}
