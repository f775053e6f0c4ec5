import { z } from 'zod';
import { jsonSchema, type OutputName } from '../../client/schemas/index.ts';

const compiled = new Map<OutputName, z.ZodType>();

/**
 * What `--json` printed, as JSON Schema has it read: a schema is taken for the document that is given to others, and closed, so that a field that
 * nobody has documented is found too.
 * @throws z.ZodError
 */
export function documented(name: OutputName, value: unknown): unknown {
  const schema = compiled.get(name) ?? z.fromJSONSchema(closed(jsonSchema(name)) as Parameters<typeof z.fromJSONSchema>[0]);
  compiled.set(name, schema);
  return schema.parse(JSON.parse(JSON.stringify(value)));
}

function closed(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(closed);
  if (typeof schema !== 'object' || schema === null) return schema;
  const parts = Object.fromEntries(Object.entries(schema).map(([key, part]) => [key, closed(part)]));
  return 'properties' in parts ? { ...parts, additionalProperties: false } : parts;
}
