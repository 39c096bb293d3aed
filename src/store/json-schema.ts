import { z } from 'zod';
import { kernelRecordSchema } from '../core/kernel-record.ts';
import { recordSchema } from '../core/record.ts';
import { sessionRecordSchema } from '../core/session-record.ts';

const SCHEMAS = {
  record: { schema: recordSchema, title: 'A record of mtok bench' },
  'session-record': {
    schema: sessionRecordSchema,
    title: 'What held over a session of mtok bench',
  },
  'kernel-record': { schema: kernelRecordSchema, title: 'A record of mtok kernels' },
} as const;

export type SchemaName = keyof typeof SCHEMAS;
export const SCHEMA_NAMES = Object.keys(SCHEMAS) as SchemaName[];

/** The JSON Schema (draft 2020-12) of one line of a store, as indented text; fields with defaults may be absent. */
export function jsonSchemaText(name: SchemaName): string {
  const { schema, title } = SCHEMAS[name];
  const { $schema, ...rest } = z.toJSONSchema(schema, { io: 'input', target: 'draft-2020-12' });
  return `${JSON.stringify({ $schema, title, ...rest }, null, 2)}\n`;
}
