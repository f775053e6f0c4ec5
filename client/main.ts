#!/usr/bin/env node
import { run } from './cli.ts';

// `bunq-keeper list | head -1`: who reads has seen enough.
process.stdout.on('error', ({ code }: NodeJS.ErrnoException) => process.exit(code === 'EPIPE' ? 0 : 1));

process.exitCode = await run(process.argv.slice(2));
