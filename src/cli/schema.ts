import type { Command } from 'commander';

const EXAMPLES = `
Examples:
  mtok schema > record.schema.json               a line of records.jsonl
  mtok schema session-record                     a line of sessions.jsonl
  mtok schema kernel-record                      a line of kernels.jsonl`;

/** `mtok schema`: the shape of what is stored, for other programs. */
export function addSchema(program: Command): void {
  program
    .command('schema')
    .summary('print the JSON Schema of stored records')
    .description('Prints the JSON Schema of one line of a store. Records of bench are of schema 1.')
    .argument('[name]', 'record, session-record or kernel-record', 'record')
    .addHelpText('after', EXAMPLES)
    .action(async (name: string) => {
      const { schemaCommand } = await import('./schema-command.ts');
      schemaCommand(name);
    });
}
