/**
 * The program that checks alert rules and metrics: prints the path of `promtool`. The one that is there is taken; else, as root of a
 * Debian, its own is installed. Ends with exit code 77, and what a person can do, where there is none.
 */
import { findProgram, installPackages } from './debian.mjs';

const SKIPPED = 77;

const found = findProgram('promtool') ?? (installPackages(['prometheus'], '60 MB, half a minute') ? findProgram('promtool') : null);
if (found) console.log(found);
else console.error('There is no promtool, so checks of alert rules and metrics are skipped: install Prometheus');
process.exitCode = found ? 0 : SKIPPED;
