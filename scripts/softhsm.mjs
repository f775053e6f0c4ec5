/**
 * An HSM in software for the tests, and the tool that signs with it: prints `{"pkcs11Tool","softhsm2Util","module"}`. Those that are
 * there are taken; else, as root of a Debian, its own are installed. Ends with exit code 77, and what a person can do, where there are none.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram, installPackages } from './debian.mjs';

const SKIPPED = 77;
const LIBRARIES = ['/usr/lib', '/usr/lib64', '/usr/local/lib', '/opt/homebrew/lib'];

/** Null where something of it is missing. */
function findSoftHsm() {
  const found = { pkcs11Tool: findProgram('pkcs11-tool'), softhsm2Util: findProgram('softhsm2-util'), module: findModule() };
  return Object.values(found).every(Boolean) ? found : null;
}

/** Debian has it in a folder of the architecture's. */
function findModule() {
  const inside = (folder) => (existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith('-linux-gnu')) : []);
  const folders = LIBRARIES.flatMap((folder) => [folder, ...inside(folder).map((name) => join(folder, name))]);
  return folders.map((folder) => join(folder, 'softhsm/libsofthsm2.so')).find((path) => existsSync(path)) ?? null;
}

const found = findSoftHsm() ?? (installPackages(['opensc', 'softhsm2'], '10 MB, some seconds') ? findSoftHsm() : null);
if (found) console.log(JSON.stringify(found));
else console.error('There is no SoftHSM2 with pkcs11-tool, so tests with an HSM are skipped: install opensc and softhsm2');
process.exitCode = found ? 0 : SKIPPED;
