import type { FaultOptions } from '../../../simulator/index.ts';
import { HOUR } from '../../support/virtual-time.ts';

/** The matrix: every bank call × every way in which it can go wrong without anybody's fault × how often. */

export interface Call {
  readonly name: string;
  readonly endpoint: string;
  readonly who: 'provider' | 'sandbox user';
  /** When the fault comes: from the start on, before the second renewal, when callback URLs are to be removed, or when a new certificate is given. */
  readonly when: 'onboarding' | 'renewal' | 'pruning' | 'roll-over';
}

const OAUTH_CLIENT = '/user/{userID}/oauth-client';
const CALLBACK_URL = `${OAUTH_CLIENT}/{oauth-clientID}/callback-url`;

const onboarding = (endpoint: string): Call => ({ name: endpoint, endpoint, who: 'provider', when: 'onboarding' });
const rollOver = (endpoint: string): Call => ({ name: `${endpoint} at a roll-over`, endpoint, who: 'provider', when: 'roll-over' });
const renewal = (endpoint: string): Call => ({ name: `${endpoint} at a renewal`, endpoint, who: 'provider', when: 'renewal' });

export const CALLS: readonly Call[] = [
  onboarding('POST /installation'),
  onboarding('POST /payment-service-provider-credential'),
  onboarding('POST /device-server'),
  onboarding('POST /session-server'),
  onboarding('GET /user'),
  onboarding(`GET ${OAUTH_CLIENT}`),
  onboarding(`POST ${OAUTH_CLIENT}`),
  onboarding(`GET ${CALLBACK_URL}`),
  onboarding(`POST ${CALLBACK_URL}`),
  onboarding(`GET ${OAUTH_CLIENT}/{itemId}`),
  { ...onboarding('POST /sandbox-user-person'), who: 'sandbox user' },
  renewal('POST /session-server'),
  renewal('GET /user'),
  renewal(`GET ${OAUTH_CLIENT}/{itemId}`),
  renewal('DELETE /session/{itemId}'),
  { ...onboarding(`DELETE ${CALLBACK_URL}/{itemId}`), when: 'pruning' },
  rollOver('POST /payment-service-provider-credential'),
  rollOver('POST /device-server'),
  rollOver('POST /session-server'),
  rollOver('GET /user'),
  rollOver('DELETE /session/{itemId}'),
];

export interface Kind {
  readonly name: string;
  readonly fault: Omit<FaultOptions, 'endpoint'>;
  /** The bank does what was asked, and we do not know it. */
  readonly hasEffect: boolean;
}

const status = (code: number, more: Partial<FaultOptions> = {}): Kind => ({
  name: `answer ${code}`,
  fault: { kind: 'status', status: code, ...more },
  hasEffect: false,
});

export const KINDS: readonly Kind[] = [
  { name: 'answer lost after its effect', fault: { kind: 'lose-answer-after-effect' }, hasEffect: true },
  status(500),
  { ...status(502, { html: true }), name: 'answer 502 with a web page' },
  status(491),
  status(429),
  status(409),
  { name: 'connection reset', fault: { kind: 'reset' }, hasEffect: false },
  { name: 'time-out', fault: { kind: 'hold' }, hasEffect: false },
  { name: 'answer cut in half', fault: { kind: 'truncated' }, hasEffect: true },
  { name: 'wrong signature', fault: { kind: 'wrong-signature' }, hasEffect: true },
  { name: 'no signature', fault: { kind: 'no-signature' }, hasEffect: true },
  { name: 'not JSON', fault: { kind: 'garbage' }, hasEffect: true },
];

export const HOW_OFTEN = ['once', 'three times', 'for two hours'] as const;
export type HowOften = (typeof HOW_OFTEN)[number];

export const OUTAGE_MS = 2 * HOUR;

/** `fromMs`: when the two hours begin. */
export const FAULT_TIMES: Record<HowOften, (fromMs: number) => Partial<FaultOptions>> = {
  once: (fromMs) => ({ fromMs, times: 1 }),
  'three times': (fromMs) => ({ fromMs, times: 3 }),
  'for two hours': (fromMs) => ({ fromMs, forMs: OUTAGE_MS, times: null }),
};

export interface Cell {
  readonly name: string;
  readonly call: Call;
  readonly kind: Kind;
  readonly howOften: HowOften;
}

/** Those of a kind and length side by side, as they take the same time. */
export const CELLS: readonly Cell[] = HOW_OFTEN.flatMap((howOften) =>
  (['onboarding', 'renewal', 'pruning', 'roll-over'] as const).flatMap((when) =>
    KINDS.flatMap((kind) =>
      CALLS.filter((call) => call.when === when).map((call) => ({ name: `${call.name}: ${kind.name}, ${howOften}`, call, kind, howOften })),
    ),
  ),
);
