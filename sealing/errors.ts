export type SealingErrorCode =
  /** The value was sealed with a key that this process does not have: comes right when the key is back. */
  | 'SEALING_KEY_MISSING'
  /** Not a sealed value, or one of another kind, of another connection, or changed since. */
  | 'SEALED_VALUE_REJECTED'
  /** The key set itself cannot be used. */
  | 'SEALING_KEYS_INVALID';

export class SealingError extends Error {
  override readonly name = 'SealingError';
  readonly code: SealingErrorCode;

  constructor(code: SealingErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}
