/** What Linux tells of a process in /proc. */
import { readFileSync } from 'node:fs';

/** User and system time, in ticks of 10 ms; null where there is no /proc. */
export function processorSeconds(pid) {
  if (process.platform !== 'linux') return null;
  const [utime, stime] = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1].split(' ').slice(11, 13).map(Number);
  return (utime + stime) / 100;
}

/** Resident memory: now, and the most that it ever was. */
export function memoryBytes(pid) {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kibibytes = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)[1]);
  return { now: kibibytes('VmRSS') * 1024, peak: kibibytes('VmHWM') * 1024 };
}
