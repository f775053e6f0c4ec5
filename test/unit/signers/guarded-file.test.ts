import { judgeMode } from '../../../signers/guarded-file.ts';

const EXT4 = 0xef53;
const judge = (mode: number, fileSystem = EXT4) => judgeMode('/key.pem', 0o100000 | mode, fileSystem);

test.each([0o600, 0o400, 0o440, 0o640])('mode %i of the owner, and of a group that may read, is as it should be', (mode) => {
  expect(judge(mode)).toEqual({ refused: null, warning: null });
});

test.each([0o644, 0o444, 0o604])('mode %i lets everybody read it: a warning', (mode) => {
  expect(judge(mode)).toEqual({ refused: null, warning: expect.stringContaining('chmod o-r /key.pem') });
});

test.each([0o620, 0o602, 0o666, 0o777])('mode %i lets others change it: refused', (mode) => {
  expect(judge(mode).refused).toContain('chmod go-w /key.pem');
});

test.each([
  ['FAT', 0x4d44],
  ['9P, as Windows’ disks in WSL', 0x01021997],
  ['SMB', 0xfe534d42],
])('on %s, which has no modes, every one is taken', (_what, fileSystem) => {
  expect(judge(0o777, fileSystem)).toEqual({ refused: null, warning: null });
});
