/**
 * `bunq-keeper/schemas`: what the command line prints with `--json`, as JSON Schema (2020-12) and as types.
 *
 *     import { jsonSchema, type Output } from 'bunq-keeper/schemas';
 *     const status: Output<'status'> = JSON.parse(text);
 *     ajv.compile(jsonSchema('status'));
 */
import { z } from 'zod';
import { OUTPUTS, type OutputName } from './outputs.ts';

export type { JsonOutput, Output, OutputName } from './outputs.ts';

export const OUTPUT_NAMES = Object.keys(OUTPUTS) as readonly OutputName[];

/** Open: fields that it does not name are let pass, as later versions may add some under the same `"schema":1`. */
export function jsonSchema(name: OutputName): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(OUTPUTS[name], { io: 'input' });
  return { $schema, title: `bunq-keeper ${name}`, ...schema };
}
