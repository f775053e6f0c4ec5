import { fileURLToPath } from 'node:url';
import { transformFile } from '@swc/core';

/** Loads the project's TypeScript in a process of its own, as jest.config.js does for the tests. */
export async function load(url, context, nextLoad) {
  if (!url.endsWith('.ts')) return nextLoad(url, context);
  const { code } = await transformFile(fileURLToPath(url), {
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'es6' },
  });
  return { format: 'module', source: code, shortCircuit: true };
}
