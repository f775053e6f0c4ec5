/** What a sealed value is; it stands in the value's protected header, and opening demands it. */
export const SECRET_KINDS = [
  'private-key',
  'installation-token',
  'session-token',
  'api-key',
  'client-secret',
  'authorization-code',
] as const;

export type SecretKind = (typeof SECRET_KINDS)[number];

declare const kindOfSecret: unique symbol;

/**
 * A secret that may be stored and shown: a JWE in compact form (RFC 7516; `dir` + `A256GCM`). Its protected header holds
 * `kid` (the sealing key), `kind` (what it is) and `conn` (the workflow id of the connection it belongs to).
 */
export type Sealed<Kind extends SecretKind = SecretKind> = string & { readonly [kindOfSecret]: Kind };
