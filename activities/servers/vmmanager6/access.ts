import { PanelReadError } from '../../http/panel-read-error.ts';
import type { RestClient, RestMutation } from '../../rest/client.ts';
import type { RestRequest } from '../../rest/exchange.ts';
import { shown } from './refusals.ts';

/** VMmanager for one call of the port. */
export interface Access {
  /** One JSON value. Throws {@link PanelReadError}. */
  readonly look: (path: string) => Promise<unknown>;
  /** The same of something found a moment ago: that it is gone since is a reason to look again, not a refusal. */
  readonly lookAgain: (path: string) => Promise<unknown>;
  /** One request, sent once. */
  change(request: RestRequest): Promise<RestMutation>;
  /** The panel's words, safe to show. */
  words(text: string): string;
}

/** What failed inside the panel is no clear no: of a look nothing follows, and a change may have been done in part. */
export function accessOf(client: RestClient, secrets: () => readonly string[]): Access {
  const look = async (path: string, passing: (error: PanelReadError) => boolean): Promise<unknown> => {
    try {
      return await client.read(path);
    } catch (error) {
      if (!(error instanceof PanelReadError) || error.notLoggedIn || !passing(error)) throw error;
      throw new PanelReadError(error.failure, { retryable: true });
    }
  };
  return {
    look: (path) => look(path, ({ retryable }) => retryable),
    lookAgain: (path) => look(path, ({ retryable, failure }) => retryable || failure.code === 'not-found'),
    async change(request) {
      const answer = await client.mutate(request);
      const unclear = answer.kind === 'refused' && answer.refusal.retryable;
      return unclear ? { kind: 'unknown', failure: answer.failure } : answer;
    },
    words: (text) => shown(text, secrets()),
  };
}
