import { accessTokenActivities } from './access-token.ts';
import { apiKeyActivities } from './api-key.ts';
import { callbackUrlActivities } from './callback-urls.ts';
import type { Dependencies } from './dependencies.ts';
import { deviceActivities } from './device.ts';
import { gateActivities } from './gate.ts';
import { installationActivities } from './installation.ts';
import { keyPairActivities } from './key-pair.ts';
import { oauthClientActivities } from './oauth-client.ts';
import { sealingActivities } from './sealing.ts';
import { sessionActivities } from './session.ts';
import { surroundingsActivities } from './surroundings.ts';
import { webhookActivities } from './webhook.ts';

/** Everything that acts: one file a step, and each may run twice. */
export const createActivities = (dependencies: Dependencies) => ({
  ...surroundingsActivities(dependencies),
  ...gateActivities(dependencies),
  ...sealingActivities(dependencies),
  ...keyPairActivities(dependencies),
  ...installationActivities(dependencies),
  ...apiKeyActivities(dependencies),
  ...accessTokenActivities(dependencies),
  ...deviceActivities(dependencies),
  ...sessionActivities(dependencies),
  ...oauthClientActivities(dependencies),
  ...callbackUrlActivities(dependencies),
  ...webhookActivities(dependencies),
});

export type Activities = ReturnType<typeof createActivities>;
