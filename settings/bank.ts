import { type BankEnvironment, BUNQ_ENVIRONMENTS } from '../bunq/environment.ts';
import { isLoopback } from '../bunq/loopback.ts';

export const BANK_SETTINGS = ['BUNQ_ENVIRONMENT', 'BUNQ_API_URL', 'BUNQ_AUTHORIZE_URL', 'BUNQ_TOKEN_URL'] as const;

type BankSettings = { BUNQ_ENVIRONMENT?: 'sandbox' | 'production' | 'simulator' | undefined } & Partial<
  Record<Exclude<(typeof BANK_SETTINGS)[number], 'BUNQ_ENVIRONMENT'>, string | undefined>
>;

/** The bank that the settings name. */
export function bankEnvironment(settings: BankSettings, wrong: (problem: string) => undefined): BankEnvironment | undefined {
  const { BUNQ_ENVIRONMENT: name, BUNQ_API_URL: apiUrl } = settings;
  const isHere = apiUrl !== undefined && isLoopback(new URL(apiUrl));
  if (isHere && (name === 'simulator' || name === 'sandbox')) return otherBank(name, apiUrl, settings); // named alike whatever its port
  if (name === 'simulator') return wrong('BUNQ_ENVIRONMENT=simulator needs BUNQ_API_URL on loopback: http://127.0.0.1:8090/v1');
  if (name && apiUrl) return wrong('BUNQ_ENVIRONMENT and BUNQ_API_URL are both set: give one of them');
  if (name) return { name, ...BUNQ_ENVIRONMENTS[name] };
  if (!apiUrl) return wrong('BUNQ_ENVIRONMENT is not set: set it to sandbox or production (or BUNQ_API_URL for another bank)');
  return otherBank(new URL(apiUrl).host, apiUrl, settings);
}

/** On loopback it is the simulator, which has all of it at one port, unless something else is said. */
function otherBank(name: string, apiUrl: string, settings: BankSettings): BankEnvironment {
  const isHere = isLoopback(new URL(apiUrl));
  return {
    name,
    apiUrl: apiUrl.replace(/\/?$/, '/'),
    authorizeUrl: settings.BUNQ_AUTHORIZE_URL ?? (isHere ? new URL('/auth', apiUrl).href : null),
    tokenUrl: settings.BUNQ_TOKEN_URL ?? (isHere ? new URL('/v1/token', apiUrl).href : null),
  };
}
