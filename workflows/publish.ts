import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import { setCurrentDetails, upsertMemo, upsertSearchAttributes } from '@temporalio/workflow';
import { dayNumber } from './certificate-life.ts';
import { currentDetails } from './current-details.ts';
import type { ConnectionStatus } from './messages.ts';
import { providerOf } from './names.ts';
import type { ConnectionState } from './state.ts';
import { memoFields, wantedFacts } from './status.ts';

/** What others see without asking the workflow: memo, search attributes, and the Temporal UI's current details. */

const KEYS = {
  state: defineSearchAttributeKey('KeeperState', SearchAttributeType.KEYWORD),
  environment: defineSearchAttributeKey('KeeperEnvironment', SearchAttributeType.KEYWORD),
  provider: defineSearchAttributeKey('KeeperProvider', SearchAttributeType.KEYWORD),
  egress: defineSearchAttributeKey('KeeperEgress', SearchAttributeType.KEYWORD),
  action: defineSearchAttributeKey('KeeperAction', SearchAttributeType.KEYWORD),
  renewAt: defineSearchAttributeKey('KeeperRenewAt', SearchAttributeType.DATETIME),
  expiresAt: defineSearchAttributeKey('KeeperExpiresAt', SearchAttributeType.DATETIME),
  certificateExpiresOn: defineSearchAttributeKey('KeeperCertificateExpiresOn', SearchAttributeType.INT),
};

/** Publishes each status once: a memo and search attributes are events in the history. */
export class Publisher {
  readonly #registered: ReadonlySet<string>;
  #memo: Record<string, string> = {};
  #attributes: Record<string, string> = {};

  /** @param registered the search attributes that the namespace has: any other would stop the workflow for ever */
  constructor(registered: readonly string[]) {
    this.#registered = new Set(registered);
  }

  /** No event: the Temporal UI asks for it. */
  show(status: ConnectionStatus): void {
    setCurrentDetails(currentDetails(status, Date.now()));
  }

  /** Only what changed: the other fields and attributes stay. */
  publish(status: ConnectionStatus, state: ConnectionState): void {
    this.show(status);
    const memo = changed(this.#memo, memoFields(status, wantedFacts(state)));
    if (memo.length > 0) upsertMemo({ ...Object.fromEntries(memo), asOf: new Date().toISOString() });
    const attributes = this.#attributesOf(status);
    const names = new Set(
      changed(this.#attributes, Object.fromEntries(attributes.map(({ key, value }) => [key.name, value]))).map(([name]) => name),
    );
    if (names.size > 0) upsertSearchAttributes(attributes.filter(({ key }) => names.has(key.name)));
  }

  #attributesOf(status: ConnectionStatus) {
    const date = (at: string | undefined) => (at === undefined ? null : new Date(at));
    return [
      { key: KEYS.state, value: status.state },
      { key: KEYS.environment, value: status.environment },
      { key: KEYS.provider, value: providerOf(status.name) },
      { key: KEYS.egress, value: status.egress },
      { key: KEYS.action, value: status.action?.code ?? null },
      { key: KEYS.renewAt, value: date(status.session?.renewAt) },
      { key: KEYS.expiresAt, value: date(status.session?.expiresAt) },
      ...(status.certificate ? [{ key: KEYS.certificateExpiresOn, value: dayNumber(status.certificate.expiresAt) }] : []),
    ].filter(({ key }) => this.#registered.has(key.name));
  }
}

/** Those whose value is another than before; notes them. */
function changed(before: Record<string, string>, now: Record<string, unknown>): [string, unknown][] {
  const different = Object.entries(now).filter(([name, value]) => before[name] !== JSON.stringify(value));
  for (const [name, value] of different) before[name] = JSON.stringify(value);
  return different;
}
