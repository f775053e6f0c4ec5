import { BankRefusal, refusals } from './answers.ts';
import { endpointOf, type Route } from './route.ts';
import { callbackUrlRoutes } from './routes/callback-url.ts';
import { cardRoutes } from './routes/card.ts';
import { confirmationOfFundsRoutes } from './routes/confirmation-of-funds.ts';
import { deviceServerRoutes } from './routes/device-server.ts';
import { draftPaymentRoutes } from './routes/draft-payment.ts';
import { installationRoutes } from './routes/installation.ts';
import { monetaryAccountRoutes } from './routes/monetary-account.ts';
import { notificationFilterRoutes } from './routes/notification-filter-url.ts';
import { oauthClientRoutes } from './routes/oauth-client.ts';
import { paymentRoutes } from './routes/payment.ts';
import { credentialRoutes } from './routes/payment-service-provider-credential.ts';
import { providerDraftRoutes } from './routes/payment-service-provider-draft-payment.ts';
import { requestInquiryRoutes } from './routes/request-inquiry.ts';
import { sandboxUserRoutes } from './routes/sandbox-user.ts';
import { sessionRoutes } from './routes/session.ts';
import { tokenRoutes } from './routes/token.ts';
import { userRoutes } from './routes/user.ts';

const ROUTES: readonly Route[] = [
  ...installationRoutes,
  ...credentialRoutes,
  ...deviceServerRoutes,
  ...sessionRoutes,
  ...userRoutes,
  ...oauthClientRoutes,
  ...callbackUrlRoutes,
  ...sandboxUserRoutes,
  ...monetaryAccountRoutes,
  ...paymentRoutes,
  ...draftPaymentRoutes,
  ...providerDraftRoutes,
  ...confirmationOfFundsRoutes,
  ...requestInquiryRoutes,
  ...cardRoutes,
  ...notificationFilterRoutes,
  ...tokenRoutes,
];

/** Every endpoint of the bank: `POST /session-server`. */
export const ENDPOINTS: readonly string[] = ROUTES.map(endpointOf);

const compiled = ROUTES.map((route) => ({
  route,
  pattern: new RegExp(`^/v1${route.path.replace(/\{([^}]+)\}/g, (_, name: string) => `(?<${groupOf(name)}>[^/]+)`)}$`),
}));

/** `oauth-clientID` is no name for a group. */
function groupOf(name: string): string {
  return name.replaceAll('-', '_');
}

/** @throws BankRefusal 404 for an unknown path, 405 for a known one with another method */
export function findRoute(method: string, path: string): { route: Route; id: (name: string) => number } {
  const matching = compiled.filter(({ pattern }) => pattern.test(path));
  const found = matching.find(({ route }) => route.method === method);
  if (found === undefined) throw matching.length > 0 ? new BankRefusal(405, 'Method not allowed.') : refusals.notFound('Route');
  const groups = found.pattern.exec(path)?.groups ?? {};
  return { route: found.route, id: (name) => readId(groups[groupOf(name)]) };
}

function readId(text: string | undefined): number {
  if (text === undefined || !/^\d{1,15}$/.test(text)) throw refusals.notFound('Item');
  return Number(text);
}
