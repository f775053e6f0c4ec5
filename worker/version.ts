import { createRequire } from 'node:module';

/** Of this package: it stands in package.json alone. */
export const packageVersion = (): string => (createRequire(import.meta.url)('bunq-keeper/package.json') as { version: string }).version;
