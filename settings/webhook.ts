import { Secret } from '../sealing/secret.ts';
import { readSettingFile } from './setting-file.ts';

export const WEBHOOK_SETTINGS = ['KEEPER_WEBHOOK_URL', 'KEEPER_WEBHOOK_SECRET', 'KEEPER_WEBHOOK_SECRET_FILE'] as const;

/** Where events are told. */
export interface WebhookSettings {
  readonly url: URL;
  /** Each event is signed by all of them, so that one can be replaced by another. */
  readonly secrets: readonly Secret[];
}

type Values = { readonly KEEPER_WEBHOOK_URL?: URL | undefined } & Partial<
  Record<'KEEPER_WEBHOOK_SECRET' | 'KEEPER_WEBHOOK_SECRET_FILE', string | undefined>
>;

/** Standard Webhooks: 24 to 64 bytes, base64. */
const SECRET = /^whsec_[A-Za-z0-9+/]{32,86}={0,2}$/;
const MAKE_ONE = 'whsec_ and 24 to 64 bytes in base64. Make one: echo "whsec_$(openssl rand -base64 32)"';

/** Null where no webhook is set. What is said to be wrong holds nothing of the secrets. */
export function webhookSettings(values: Values, wrong: (problem: string) => undefined): WebhookSettings | null | undefined {
  const { KEEPER_WEBHOOK_URL: url, KEEPER_WEBHOOK_SECRET: text, KEEPER_WEBHOOK_SECRET_FILE: file } = values;
  if (text && file) return wrong('KEEPER_WEBHOOK_SECRET and KEEPER_WEBHOOK_SECRET_FILE are both set: give one of them');
  if (!url) return text || file ? wrong('KEEPER_WEBHOOK_SECRET is of the webhook at KEEPER_WEBHOOK_URL: set that too') : null;
  if (!text && !file) return wrong(`KEEPER_WEBHOOK_URL needs KEEPER_WEBHOOK_SECRET_FILE, by which events are signed: ${MAKE_ONE}`);
  const lines = (file ? readSettingFile('KEEPER_WEBHOOK_SECRET_FILE', file, wrong) : text!)?.split(/\s+/).filter(Boolean);
  if (!lines) return undefined;
  const name = file ? `KEEPER_WEBHOOK_SECRET_FILE ${file}` : 'KEEPER_WEBHOOK_SECRET';
  if (lines.length === 0 || !lines.every((line) => SECRET.test(line))) return wrong(`${name} holds secrets, one a line, each ${MAKE_ONE}`);
  return { url, secrets: lines.map((line) => new Secret(line)) };
}
