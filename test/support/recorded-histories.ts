import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, userInfo } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type proto from '@temporalio/proto';
import { ROOT } from './build.ts';
import { historyFromJson, historyToJson } from './history-json.ts';

/**
 * Histories of every shape that a released version's workflows had, one folder a version, as Temporal exports them (protobuf
 * JSON), one event a line. Long ones are compressed.
 */
export const HISTORIES = join(ROOT, 'test/histories');

type History = proto.temporal.api.history.v1.IHistory;

const VERSION = (JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { version: string }).version;
const COMPRESSED_FROM = 150_000;

/** `0.1.0/gate.json`, and so on. */
export function recordedHistories(): string[] {
  if (!existsSync(HISTORIES)) return [];
  const versions = readdirSync(HISTORIES, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return versions.flatMap(({ name: version }) =>
    readdirSync(join(HISTORIES, version))
      .sort()
      .map((file) => `${version}/${file}`),
  );
}

export function readRecorded(name: string): History {
  const bytes = readFileSync(join(HISTORIES, name));
  return historyFromJson(JSON.parse((name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()));
}

/** For the version that is being made: those of former versions stay as they are. */
export function forgetRecordedOfThisVersion(): void {
  rmSync(join(HISTORIES, VERSION), { recursive: true, force: true });
  mkdirSync(join(HISTORIES, VERSION), { recursive: true });
}

/** @throws Error when something of this machine would be recorded */
export function record(shape: string, history: History): void {
  const { events } = historyToJson(history);
  const text = `{"events":[\n${events.map((event) => JSON.stringify(ofNoMachine(event))).join(',\n')}\n]}\n`;
  for (const ofHere of [ROOT, hostname(), userInfo().username].filter((word) => word.length > 3))
    if (text.includes(ofHere)) throw new Error(`The history ${shape} names ${ofHere}.`);
  const file = join(HISTORIES, VERSION, `${shape}.json`);
  if (text.length < COMPRESSED_FROM) writeFileSync(file, text);
  else writeFileSync(`${file}.gz`, gzipSync(text, { level: 9 }));
}

/** Who ran it and where its code lies is nobody's business; and what activities were given, sealed keys mostly, no replay looks at. */
const LEFT_OUT = new Set(['stackTrace', 'binaryChecksum', 'workerVersion']);

function ofNoMachine(value: unknown, name = ''): unknown {
  if (Array.isArray(value)) return value.map((item) => ofNoMachine(item));
  if (value === null || typeof value !== 'object') return name === 'identity' ? 'recorder' : value;
  const entries = Object.entries(value).filter(
    ([inner]) => !LEFT_OUT.has(inner) && !(name === 'activityTaskScheduledEventAttributes' && inner === 'input'),
  );
  return Object.fromEntries(
    entries.map(([inner, its]) => [
      inner,
      name === 'taskQueue' && inner === 'name' && String(its).includes('@') ? 'sticky' : ofNoMachine(its, inner),
    ]),
  );
}
