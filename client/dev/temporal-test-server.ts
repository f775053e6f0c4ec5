import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { intoCache, isExecutable, onPath, type Say } from './temporal-cache.ts';
import { sdkDownload } from './temporal-download.ts';

/** The time-skipping server is released with Temporal's Java SDK and has its version. */
export const TEST_SERVER_VERSION = '1.38.0';
const ARTIFACT = `io.temporal:temporal-test-server:${TEST_SERVER_VERSION}`;
const MAVEN_MS = 10 * 60_000;

const POM = `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>bunq-keeper</groupId>
  <artifactId>time-skipping</artifactId>
  <version>1</version>
  <packaging>pom</packaging>
  <dependencies>
    <dependency>
      <groupId>io.temporal</groupId>
      <artifactId>temporal-test-server</artifactId>
      <version>${TEST_SERVER_VERSION}</version>
    </dependency>
  </dependencies>
</project>
`;

/**
 * The SDK calls it with a port, waits five seconds for that, and ends it with SIGKILL when the environment is torn down; a
 * test process that is killed cannot do so, so a watcher does. The Java flags halve the start-up.
 *
 * Without `--enable-time-skipping`: the SDK unlocks time itself while a result or `env.sleep` is awaited. With the flag time is
 * unlocked once too often, skips while a workflow task is being worked on, and the task times out.
 */
const WRAPPER = `#!/bin/sh
folder=$(dirname "$0")
(while kill -0 $$ && kill -0 $PPID; do sleep 1; done; kill -KILL $$) >/dev/null 2>&1 &
exec java -XX:TieredStopAtLevel=1 -XX:+UseSerialGC -XX:-UsePerfData -cp "$folder/lib/*" io.temporal.testserver.TestServer "$@" >/dev/null 2>&1
`;

export interface TestServerSearch {
  /** `projectCacheDir()` */
  readonly cacheDir: string;
  /** Told one line about each attempt that takes time or fails. */
  readonly say: Say;
  readonly env: { readonly PATH?: string | undefined };
}

/**
 * The path of a time-skipping Temporal test server, for
 * `TestWorkflowEnvironment.createTimeSkipping({ server: { executable: { type: 'existing-path', path } } })`: the one in the cache,
 * the SDK's download, or the Java artifact fetched by Maven.
 *
 * @throws Error saying what a person can do, when there is none and none can be had
 */
export async function findTestServer({ cacheDir, say, env }: TestServerSearch): Promise<string> {
  const downloadedPath = join(cacheDir, `temporal-test-server-v${TEST_SERVER_VERSION}`);
  const fetchedFolder = join(cacheDir, `temporal-test-server-java-${TEST_SERVER_VERSION}`);
  const fetchedPath = join(fetchedFolder, 'temporal-test-server');
  const cached = [downloadedPath, fetchedPath].find(isExecutable);
  if (cached !== undefined) return cached;
  try {
    return await intoCache(downloadedPath, say, (folder) => downloaded(folder, say));
  } catch (error) {
    say(`It could not be downloaded: ${(error as Error).message}`);
  }
  await intoCache(fetchedFolder, say, (folder) => fetched(folder, env.PATH, say));
  return fetchedPath;
}

function downloaded(folder: string, say: Say): Promise<string> {
  say(`Downloading Temporal's time-skipping test server ${TEST_SERVER_VERSION} (about 100 MB) …`);
  return sdkDownload('temporal-test-server', `v${TEST_SERVER_VERSION}`, folder);
}

async function fetched(folder: string, path: string | undefined, say: Say): Promise<string> {
  const [java] = onPath('java', path);
  const [maven] = onPath('mvn', path);
  if (java === undefined || maven === undefined) {
    throw new Error(
      'There is no time-skipping test server, and no Java and Maven to fetch one with. Install both (java and mvn on PATH), and try again.',
    );
  }
  say(`Fetching ${ARTIFACT} by Maven (38 MB, under a minute) …`);
  const product = join(folder, 'product');
  mkdirSync(product);
  writeFileSync(join(folder, 'pom.xml'), POM);
  const args = ['-q', '-B', 'dependency:copy-dependencies', `-DoutputDirectory=${join(product, 'lib')}`, '-DincludeScope=runtime'];
  const result = await execa(maven, args, { cwd: folder, env: { PATH: path ?? '' }, timeout: MAVEN_MS, all: true, reject: false });
  if (result.failed) throw new Error(`Maven could not fetch ${ARTIFACT}: ${result.all?.trim().split('\n')[0] || result.shortMessage}`);
  writeFileSync(join(product, 'temporal-test-server'), WRAPPER);
  chmodSync(join(product, 'temporal-test-server'), 0o755);
  return product;
}
