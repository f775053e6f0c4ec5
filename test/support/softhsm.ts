import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { temporaryFolder } from './at-end.ts';
import { foundBy } from './found.ts';

interface SoftHsm {
  readonly pkcs11Tool: string;
  readonly softhsm2Util: string;
  readonly module: string;
}

/** The HSM in software of this machine; null where there is none, and tests that want one are skipped. */
export function findSoftHsm(): SoftHsm | null {
  const found = foundBy('softhsm.mjs');
  return found === null ? null : (JSON.parse(found) as SoftHsm);
}

/** A token of its own with that key on it. @returns what docs/signers/pkcs11-tool.sh wants of its environment */
export function newToken({ softhsm2Util, module }: SoftHsm, keyFile: string) {
  const folder = temporaryFolder();
  const [conf, pinFile] = [join(folder, 'softhsm2.conf'), join(folder, 'pin')];
  mkdirSync(join(folder, 'tokens'));
  writeFileSync(conf, `directories.tokendir = ${join(folder, 'tokens')}\nobjectstore.backend = file\nlog.level = ERROR\n`);
  writeFileSync(pinFile, '4711-0815\n', { mode: 0o600 });
  const util = (...args: string[]) => {
    const { status, stdout, stderr } = spawnSync(softhsm2Util, args, { encoding: 'utf8', env: { ...process.env, SOFTHSM2_CONF: conf } });
    if (status !== 0) throw new Error(`softhsm2-util ${args[0]}: ${stdout}${stderr}`);
  };
  util('--init-token', '--free', '--label', 'keeper', '--so-pin', '12345678', '--pin', '4711-0815');
  util('--import', keyFile, '--token', 'keeper', '--label', 'qseal', '--id', '01', '--pin', '4711-0815');
  return { SOFTHSM2_CONF: conf, PKCS11_MODULE: module, PKCS11_TOKEN: 'keeper', PKCS11_KEY: 'qseal', PKCS11_PIN_FILE: pinFile };
}
