import { authorizationUrl } from '../bunq/authorization.ts';
import type { SealingKeySet } from '../sealing/key-set.ts';
import { type AnsweredOutcome, type Authorization, type AuthorizationRequest, outcomeOfLink } from '../workflows/authorization.ts';
import { askAuthorizationUpdate, oauthClientQuery, stateQuery, statusQuery } from '../workflows/messages.ts';
import { providerOf } from '../workflows/names.ts';
import type { OnboardingRequest, Serving } from '../workflows/state.ts';
import type { Addresses } from './addresses.ts';
import { type CompletedAuthorization, completeAuthorization, newState, stateSha256 } from './authorizations.ts';
import { type ConnectionWorkflows, sender } from './connection-workflows.ts';
import { KeeperError, UsageError } from './errors.ts';
import type { ClientSettings, UserInstallation } from './settings.ts';

export interface ConnectUserOptions {
  /** One of the provider's callback URLs; needed where it has several. */
  redirectUrl?: string | undefined;
  /** How long the link is good; an hour by default. */
  validForMs?: number | undefined;
  /** What a new connection's sessions are opened on; by the settings where it is not given. One that is there goes on with what it has. */
  installation?: UserInstallation | undefined;
}

/** What to send an end user to. */
export interface UserLink {
  /** PROVIDER/USER */
  name: string;
  isNew: boolean;
  /** Holds the link's secret until it is used: for the end user's browser only. */
  authorizationUrl: string;
  expiresAt: string;
}

/**
 * What became of a link: `asked` while it may still come back; `pending` while its code is being exchanged; `replaced` when so many
 * later links were made that it is no longer known.
 */
export type LinkOutcome = 'asked' | 'replaced' | AnsweredOutcome;

export const LINK_VALID_MS = 60 * 60_000;

interface AskedConsent {
  readonly egress: string;
  readonly authorization: AuthorizationRequest;
  readonly installation: UserInstallation;
}

/** How end users of a provider are connected: links, and what comes back of them. */
export class EndUsers {
  readonly #settings: Pick<ClientSettings, 'bank' | 'userInstallation'>;
  readonly #workflows: ConnectionWorkflows;
  readonly #addresses: Addresses;
  readonly #sealingKeys: () => SealingKeySet;

  constructor(
    settings: Pick<ClientSettings, 'bank' | 'userInstallation'>,
    workflows: ConnectionWorkflows,
    addresses: Addresses,
    sealingKeys: () => SealingKeySet,
  ) {
    this.#settings = settings;
    this.#workflows = workflows;
    this.#addresses = addresses;
    this.#sealingKeys = sealingKeys;
  }

  /** @throws UsageError, KeeperError */
  async connect(provider: string, user: string, options: ConnectUserOptions): Promise<UserLink> {
    const { bank, userInstallation = 'own' } = this.#settings;
    const { redirectUrl, validForMs = LINK_VALID_MS, installation = userInstallation } = options;
    const name = `${provider}/${user}`;
    this.#workflows.idOf(name);
    const { authorizeUrl } = bank;
    if (authorizeUrl === null) throw new KeeperError('The authorization page of this bank is not known: set BUNQ_AUTHORIZE_URL.');
    const [oauthClient, { egress, state: providerState }] = await Promise.all([
      this.#workflows.query(provider, oauthClientQuery),
      this.#workflows.query(provider, statusQuery),
    ]);
    if (providerState === 'DISCONNECTED')
      throw new KeeperError(`${provider} was disconnected: no links are made for it. Onboard it again: bunq-keeper onboard ${provider} …`);
    if (!oauthClient?.clientId || !oauthClient.clientSecret)
      throw new KeeperError(`${provider} has no OAuth client with a client id and secret yet: bunq-keeper status ${provider}`);
    const { clientId, clientSecret } = oauthClient;
    const chosen = chooseRedirectUrl(provider, oauthClient.callbackUrls, redirectUrl);
    const state = newState(name);
    const authorization = { stateSha256: stateSha256(state), redirectUrl: chosen, clientId, clientSecret, validForMs };
    const isNew = await this.#askForConsent(name, { egress, authorization, installation });
    const expiresAt = new Date(Date.now() + validForMs).toISOString();
    return { name, isNew, authorizationUrl: authorizationUrl(authorizeUrl, { clientId, redirectUrl: chosen, state }), expiresAt };
  }

  async #askForConsent(name: string, asked: AskedConsent): Promise<boolean> {
    const { authorization } = asked;
    const present = await this.#workflows.find(name);
    const isClosed = present !== null && present.status.name !== 'RUNNING';
    const state = isClosed && present.status.name !== 'COMPLETED' ? await this.#workflows.lastState(name) : null;
    if (state) await this.#workflows.start(name, { state });
    else if (!present || isClosed) {
      const request = await this.#requestOf(name, asked);
      await this.#addresses.demandRoom(request);
      if (await this.#workflows.startNew(name, { request })) return true;
    }
    await this.#workflows.update(name, askAuthorizationUpdate, { by: sender(), ...authorization });
    return false;
  }

  async #requestOf(name: string, { egress, authorization, installation }: AskedConsent): Promise<OnboardingRequest> {
    return {
      version: 1,
      name,
      environment: this.#workflows.environment,
      egress,
      credential: { type: 'oauth-grant' },
      callbackUrls: [],
      permittedIps: [],
      authorization,
      ...(installation === 'provider' && { providerInstallation: await this.#installationOf(providerOf(name)) }),
    };
  }

  /** Sealed, as it stands in the provider's state. */
  async #installationOf(provider: string): Promise<Pick<Serving, 'keyPair' | 'installation'>> {
    const { serving } = await this.#workflows.query(provider, stateQuery);
    if (!serving)
      throw new KeeperError(`${provider} has no session yet, and with it no proven installation: bunq-keeper status ${provider}`);
    const { keyPair, installation } = serving;
    return { keyPair, installation };
  }

  /** @throws NotCompletedError */
  complete(url: URL, expected: string | undefined): Promise<CompletedAuthorization> {
    const { client, environment } = this.#workflows;
    return completeAuthorization(url, { client, environment, sealingKeys: this.#sealingKeys, by: sender() }, expected);
  }

  /** Null without an answer within 2 s. */
  async outcomeOf(name: string, url: URL): Promise<LinkOutcome | null> {
    const state = await this.#workflows.ask(name, stateQuery);
    const linkSha256 = stateSha256(url.searchParams.get('state') ?? '');
    return state?.authorization ? whatBecameOf(state.authorization, linkSha256, Date.now()) : null;
  }
}

/** Pure. The status tells of the latest link only; whoever waits for one of several asks for that one. */
export function whatBecameOf(authorization: Authorization, linkSha256: string, nowMs: number): LinkOutcome {
  const answered = outcomeOfLink(authorization, linkSha256);
  if (answered) return answered;
  const asked = authorization.asked.find((link) => link.stateSha256 === linkSha256);
  if (!asked) return 'replaced';
  return nowMs < asked.expiresAtMs ? 'asked' : 'expired';
}

function chooseRedirectUrl(provider: string, callbackUrls: string[], given: string | undefined): string {
  if (given !== undefined && callbackUrls.includes(given)) return given;
  if (given === undefined && callbackUrls.length === 1) return callbackUrls[0]!;
  const has = callbackUrls.length === 0 ? 'has no callback URL' : `has the callback URLs ${callbackUrls.join(', ')}`;
  if (given === undefined) throw new UsageError(`${provider} ${has}: say where the end user is to return to (--redirect-url U).`);
  throw new UsageError(
    `${provider} ${has}, not ${given}: bunq compares them to the last slash. To add it: bunq-keeper callback-urls ${provider} add ${given}`,
  );
}
