import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { setCurrentDetails, upsertMemo, upsertSearchAttributes } from '@temporalio/workflow';
import type { ConnectionStatus } from './messages.ts';
import type { ConnectionState } from './state.ts';
import { type ConnectionMemo, currentDetails, wantedFacts } from './status.ts';

/** What others see without asking the workflow: memo, search attributes, and the Temporal UI's current details. */

const KEYS = {
  state: defineSearchAttributeKey('KeeperState', SearchAttributeType.KEYWORD),
  environment: defineSearchAttributeKey('KeeperEnvironment', SearchAttributeType.KEYWORD),
  provider: defineSearchAttributeKey('KeeperProvider', SearchAttributeType.KEYWORD),
  egress: defineSearchAttributeKey('KeeperEgress', SearchAttributeType.KEYWORD),
  action: defineSearchAttributeKey('KeeperAction', SearchAttributeType.KEYWORD),
  renewAt: defineSearchAttributeKey('KeeperRenewAt', SearchAttributeType.DATETIME),
  expiresAt: defineSearchAttributeKey('KeeperExpiresAt', SearchAttributeType.DATETIME),
};

/** Publishes each status once: a memo and search attributes are events in the history. */
export class Publisher {
  readonly #registered: ReadonlySet<string>;
  #memo: Record<string, string> = {};
  #attributes = '';

  /** @param registered the search attributes that the namespace has: any other would stop the workflow for ever */
  constructor(registered: readonly string[]) {
    this.#registered = new Set(registered);
  }

  /** No event: the Temporal UI asks for it. */
  show(status: ConnectionStatus): void {
    setCurrentDetails(currentDetails(status));
  }

  publish(status: ConnectionStatus, state: ConnectionState): void {
    this.#publishMemo({ ...atRest(status), wanted: wantedFacts(state) });
    const attributes = this.#attributesOf(status);
    const key = JSON.stringify(attributes.map(({ key, value }) => [key.name, value]));
    if (key !== this.#attributes && attributes.length > 0) upsertSearchAttributes(attributes);
    this.#attributes = key;
  }

  /** Only what changed: a memo's other fields stay. */
  #publishMemo(fields: Omit<ConnectionMemo, 'asOf'>): void {
    const changed = Object.entries(fields).filter(([name, value]) => this.#memo[name] !== JSON.stringify(value));
    if (changed.length === 0) return;
    for (const [name, value] of changed) this.#memo[name] = JSON.stringify(value);
    upsertMemo({ ...Object.fromEntries(changed), asOf: new Date().toISOString() });
  }

  #attributesOf(status: ConnectionStatus) {
    const date = (at: string | undefined) => (at === undefined ? null : new Date(at));
    return [
      { key: KEYS.state, value: status.state },
      { key: KEYS.environment, value: status.environment },
      { key: KEYS.provider, value: status.name },
      { key: KEYS.egress, value: status.egress },
      { key: KEYS.action, value: status.action?.code ?? null },
      { key: KEYS.renewAt, value: date(status.session?.renewAt) },
      { key: KEYS.expiresAt, value: date(status.session?.expiresAt) },
    ].filter(({ key }) => this.#registered.has(key.name));
  }
}

/** The memo is written when a step ends, not when it begins. */
const atRest = (status: ConnectionStatus): ConnectionStatus => ({
  ...status,
  steps: status.steps.map((step) => (step.status === 'running' ? { ...step, status: 'pending' as const } : step)),
});
