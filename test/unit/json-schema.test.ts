import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { jsonSchemaText, SCHEMA_NAMES } from '../../src/store/json-schema.ts';

it.each(SCHEMA_NAMES)('the committed JSON Schema of a %s is current (npm run schema)', (name) => {
  const path = new URL(`../../reports/${name}.schema.json`, import.meta.url);
  expect(readFileSync(path, 'utf8')).toBe(jsonSchemaText(name));
});

it('the schema of a record asks for what every record has, and not for what was added later', () => {
  const schema = JSON.parse(jsonSchemaText('record')) as {
    required: string[];
    properties: Record<string, { const?: number }>;
  };
  expect(schema.properties.schema?.const).toBe(1);
  expect(schema.required).toContain('launches');
  expect(schema.required).not.toContain('profile');
});
