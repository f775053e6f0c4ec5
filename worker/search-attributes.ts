import proto from '@temporalio/proto';
import type { NativeConnection } from '@temporalio/worker';

const { INDEXED_VALUE_TYPE_KEYWORD, INDEXED_VALUE_TYPE_DATETIME, INDEXED_VALUE_TYPE_INT } = proto.temporal.api.enums.v1.IndexedValueType;

/** At most 5 Keyword, 2 Datetime and 1 Int: a namespace on SQL holds 10, 3 and 3, and others want some too. */
export const SEARCH_ATTRIBUTES = {
  KeeperState: 'Keyword',
  KeeperEnvironment: 'Keyword',
  KeeperProvider: 'Keyword',
  KeeperEgress: 'Keyword',
  KeeperAction: 'Keyword',
  KeeperRenewAt: 'Datetime',
  KeeperExpiresAt: 'Datetime',
  /** Of a provider's certificate, UTC: 20271128. */
  KeeperCertificateExpiresOn: 'Int',
} as const;

/** gRPC's codes for a worker that may not look, and for a server that has no such service. */
const PERMISSION_DENIED = 7;
const UNIMPLEMENTED = 12;

type Name = keyof typeof SEARCH_ATTRIBUTES;

const NAMES = Object.keys(SEARCH_ATTRIBUTES) as Name[];
const TYPES = { Keyword: INDEXED_VALUE_TYPE_KEYWORD, Datetime: INDEXED_VALUE_TYPE_DATETIME, Int: INDEXED_VALUE_TYPE_INT };
const typeOf = (name: Name) => TYPES[SEARCH_ATTRIBUTES[name]];

/** Which of ours the namespace has, with the right type. Any other that were set would stop a workflow for ever. */
export async function registeredSearchAttributes(connection: NativeConnection, namespace: string): Promise<Name[]> {
  try {
    const { customAttributes } = await connection.operatorService.listSearchAttributes({ namespace });
    return NAMES.filter((name) => customAttributes[name] === typeOf(name));
  } catch (error) {
    const { code } = error as { code?: number };
    if (code === PERMISSION_DENIED || code === UNIMPLEMENTED) return [];
    throw error;
  }
}

/**
 * Registers those that are missing where this worker may; says which commands do it where it may not, and goes on: without
 * them everything works but lists by state.
 */
export async function registerSearchAttributes(
  connection: NativeConnection,
  namespace: string,
  warn: (line: string) => void,
): Promise<void> {
  const present = await registeredSearchAttributes(connection, namespace);
  const missing = NAMES.filter((name) => !present.includes(name));
  if (missing.length === 0) return;
  try {
    await connection.operatorService.addSearchAttributes({
      namespace,
      searchAttributes: Object.fromEntries(missing.map((name) => [name, typeOf(name)])),
    });
  } catch {
    warn(`The namespace ${namespace} lacks search attributes and this worker may not add them; going on without. To add them:`);
    for (const name of missing)
      warn(`  temporal operator search-attribute create --namespace ${namespace} --name ${name} --type ${SEARCH_ATTRIBUTES[name]}`);
    warn(
      `  or, on Temporal Cloud: tcld namespace search-attributes add --namespace ${namespace} ${missing.map((name) => `--sa ${name}=${SEARCH_ATTRIBUTES[name]}`).join(' ')}`,
    );
  }
}
