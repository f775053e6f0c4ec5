import { createCallbackUrl, deleteCallbackUrl, listCallbackUrls } from '../bunq/callback-url.ts';
import { activity, type Looked, type SealedSession } from './context.ts';
import type { Dependencies } from './dependencies.ts';

export interface CallbackUrlsInput {
  session: SealedSession;
  userId: number;
  oauthClientId: number;
}

export const callbackUrlActivities = (dependencies: Dependencies) => ({
  listCallbackUrls: activity(
    dependencies,
    async ({ bank, openSession }, { session, userId, oauthClientId }: CallbackUrlsInput): Promise<{ id: number; url: string }[]> => {
      const found = await listCallbackUrls(bank, await openSession(session), { userId, oauthClientId });
      return found.map(({ id, url }) => ({ id, url }));
    },
  ),

  /** Twice: the same URL twice; so it has one attempt, and the workflow lists again before it tries again. */
  createCallbackUrl: activity(
    dependencies,
    async (
      { bank, fenced, closeAfterLook, openSession },
      { session, userId, oauthClientId, url, lookedAtMs }: CallbackUrlsInput & Looked & { url: string },
    ): Promise<void> => {
      const options = closeAfterLook(fenced, lookedAtMs);
      await createCallbackUrl(bank, await openSession(session), { userId, oauthClientId, url }, options);
    },
  ),

  deleteCallbackUrl: activity(
    dependencies,
    async (
      { bank, openSession },
      { session, userId, oauthClientId, callbackUrlId }: CallbackUrlsInput & { callbackUrlId: number },
    ): Promise<void> => {
      await deleteCallbackUrl(bank, await openSession(session), { userId, oauthClientId, callbackUrlId });
    },
  ),
});
