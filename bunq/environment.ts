/** Which bank a process speaks to. */
export interface BankEnvironment {
  /** Stands in workflow ids and task queues: `sandbox`, `production`, or the host and port of any other bank. */
  readonly name: string;
  /** Ends in `/v1/`. */
  readonly apiUrl: string;
  /** The page on which end users grant access; null when it was not given. */
  readonly authorizeUrl: string | null;
  readonly tokenUrl: string | null;
}

/** bunq's own hosts. */
export const BUNQ_ENVIRONMENTS: Record<'sandbox' | 'production', Omit<BankEnvironment, 'name'>> = {
  sandbox: {
    apiUrl: 'https://public-api.sandbox.bunq.com/v1/',
    authorizeUrl: 'https://oauth.sandbox.bunq.com/auth',
    tokenUrl: 'https://api-oauth.sandbox.bunq.com/v1/token',
  },
  production: {
    apiUrl: 'https://api.bunq.com/v1/',
    authorizeUrl: 'https://oauth.bunq.com/auth',
    tokenUrl: 'https://api.oauth.bunq.com/v1/token',
  },
};
