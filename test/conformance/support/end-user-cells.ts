import { HOW_OFTEN, type HowOften, KINDS, type Kind } from './cells.ts';

/** The matrix of an end user's connection: what it calls the bank for, from the consent on, × every way in which that can go wrong × how often. */

export interface EndUserCell {
  readonly name: string;
  readonly endpoint: string;
  readonly when: 'connecting' | 'renewal';
  readonly kind: Kind;
  readonly howOften: HowOften;
}

const CALLS = [
  ...['POST /token', 'POST /installation', 'POST /device-server', 'POST /session-server', 'GET /user'].map(
    (endpoint) => ({ endpoint, when: 'connecting' }) as const,
  ),
  ...['POST /session-server', 'GET /user', 'DELETE /session/{itemId}'].map((endpoint) => ({ endpoint, when: 'renewal' }) as const),
];

/** The token endpoint signs nothing: there is no signature that could be wrong. */
const isPossible = (endpoint: string, { fault }: Kind) =>
  endpoint !== 'POST /token' || (fault.kind !== 'wrong-signature' && fault.kind !== 'no-signature');

export const END_USER_CELLS: readonly EndUserCell[] = HOW_OFTEN.flatMap((howOften) =>
  (['connecting', 'renewal'] as const).flatMap((when) =>
    KINDS.flatMap((kind) =>
      CALLS.filter((call) => call.when === when && isPossible(call.endpoint, kind)).map((call) => ({
        name: `${call.endpoint}${when === 'renewal' ? ' at a renewal' : ''}: ${kind.name}, ${howOften}`,
        kind,
        howOften,
        ...call,
      })),
    ),
  ),
);
