import { jsonSchemaText, SCHEMA_NAMES } from '../store/json-schema.ts';
import { usageError } from './failure.ts';

/** Runs `mtok schema`. Throws `usage` for a name that stands for nothing. */
export function schemaCommand(name: string): void {
  const known = SCHEMA_NAMES.find((candidate) => candidate === name);
  if (known === undefined) {
    const shown = JSON.stringify(name.slice(0, 40));
    throw usageError(`There is no schema ${shown}`, `There are: ${SCHEMA_NAMES.join(', ')}.`);
  }
  process.stdout.write(jsonSchemaText(known));
}
