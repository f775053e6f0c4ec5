import { isRefused, type Permit, permitFor } from '../bunq/permits.ts';
import { providerOf } from '../workflows/names.ts';
import { UsageError } from './errors.ts';

/** The certificate does not allow this call: nothing was sent. */
export class NotPermittedError extends UsageError {
  override readonly name = 'NotPermittedError';
  /** Of the certificate. */
  readonly roles: readonly string[];
  /** Roles of which one would allow it; empty when none would. */
  readonly needs: readonly string[];

  constructor(provider: string, { method, path }: Asked, roles: readonly string[], { what, allowed, sources }: Permit) {
    const which = allowed.length > 0 ? `it takes ${allowed.join(' or ')}` : 'bunq allows it to none of these roles';
    super(
      `${method.toUpperCase()} ${path.split('?')[0]}: the certificate of ${provider} allows ${roles.join(' and ')}, by which nobody may ${what}; ${which} (${sources.join(', ')}). Nothing was sent.`,
    );
    this.roles = roles;
    this.needs = allowed;
  }
}

export interface Asked {
  readonly method: string;
  readonly path: string;
}

/**
 * Whether the permits allow a call. Only what the bank is known to refuse is refused here; where the roles cannot be told, every call goes
 * through. The roles of an end user's connection are its provider's.
 */
export class PermitCheck {
  readonly #rolesOf: (provider: string) => Promise<readonly string[] | null>;
  /** As they were last told. */
  readonly #known = new Map<string, readonly string[]>();

  /** @param rolesOf in the certificate of a provider's connection: none for who has no certificate; null when that cannot be asked */
  constructor(rolesOf: (provider: string) => Promise<readonly string[] | null>) {
    this.#rolesOf = rolesOf;
  }

  /** Calls that any role may make cost nothing; others ask once, and again before one is refused, as a certificate may be replaced. @throws NotPermittedError */
  async check(name: string, asked: Asked): Promise<void> {
    const permit = permitFor(asked.method, asked.path);
    if (!permit || permit.refused.length === 0) return;
    const provider = providerOf(name);
    const known = this.#known.get(provider);
    if (known && !isRefused(permit, known)) return;
    const roles = await this.#rolesOf(provider);
    if (roles === null) return;
    this.#known.set(provider, roles);
    if (isRefused(permit, roles)) throw new NotPermittedError(provider, asked, roles, permit);
  }
}
