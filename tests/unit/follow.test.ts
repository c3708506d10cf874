import { expect, test } from '@jest/globals';
import { follow } from '../../client/cli/actions/follow.ts';
import type { IptallyClient } from '../../client/index.ts';
import type { Session } from '../../client/cli/session.ts';

test('who follows work that ends asks nothing any more: connections are closed next', async () => {
  const looked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<undefined>();
  const ended = Promise.withResolvers<string>();
  const client = { standing: async () => undefined } as unknown as IptallyClient;
  const progress = { say: () => undefined, clear: () => undefined };
  const session = { warn: () => undefined, progress } as unknown as Session;
  const early = (): Promise<undefined> => {
    looked.resolve();
    return answer.promise;
  };
  let followed = false;
  const following = follow(session, { client, workflowId: 'remove/s-1', work: () => ended.promise, early });
  const end = following.finally(() => {
    followed = true;
  });
  await looked.promise;
  ended.resolve('removed');
  await new Promise((settle) => setTimeout(settle, 50));
  expect(followed).toBe(false);
  answer.resolve(undefined);
  expect(await end).toEqual({ result: 'removed' });
});
