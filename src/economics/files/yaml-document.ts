import { isNode, LineCounter, parseDocument } from 'yaml';
import type { z } from 'zod';
import { BenchError } from '../../core/errors.ts';
import { pathText, plainProblem, schemaProblem, shownValue } from './problem-text.ts';

/** People write these files by hand; larger ones come from a mistake or an attack. */
export const MAX_YAML_CHARACTERS = 4 * 1024 * 1024;
const MOST_ALIASES = 100;

type Path = readonly PropertyKey[];

/**
 * Reads a YAML or JSON file that a person wrote, against a schema. `file` is its name, for messages.
 * Throws `usage` with file, line and field for text that is no YAML, holds cycles or does not fit the schema.
 */
export function readYaml<T>(text: string, file: string, schema: z.ZodType<T>): T {
  if (text.length > MAX_YAML_CHARACTERS) {
    throw new BenchError(
      'usage',
      `${file} has ${text.length} characters, expected at most ${MAX_YAML_CHARACTERS}`,
      { hint: 'Use ranges and counts in place of repeated entries.' },
    );
  }
  const lines = new LineCounter();
  const document = parseDocument(text, {
    lineCounter: lines,
    merge: false,
    uniqueKeys: true,
    // Warnings would go to the terminal past our messages; schemas refuse a key that is a list.
    logLevel: 'error',
  });
  const [problem] = document.errors;
  if (problem !== undefined) {
    const [{ line } = { line: 1 }] = problem.linePos ?? [];
    const [what = ''] = problem.message.split(/ at line |\n/);
    throw new BenchError('usage', `${file}:${line}: not valid YAML: ${plainProblem(what)}`);
  }
  const value = toPlain(document, file);
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const path: Path = issue?.path ?? [];
  const line = lineOf(document, path, lines);
  const others = parsed.error.issues.length - 1;
  throw new BenchError(
    'usage',
    `${file}${line === null ? '' : `:${line}`}: ${pathText(path)}: ${schemaProblem(issue?.message ?? '')}, ` +
      `got ${shownValue(valueAt(value, path))}`,
    others === 0
      ? {}
      : {
          hint: `There ${others === 1 ? 'is 1 more problem' : `are ${others} more problems`} in this file.`,
        },
  );
}

/** Line of a field of a file that was read, or of what is around it; null where there is none. */
export function yamlLine(text: string, path: readonly PropertyKey[]): number | null {
  const lines = new LineCounter();
  return lineOf(parseDocument(text, { lineCounter: lines }), path, lines);
}

type Document = ReturnType<typeof parseDocument>;

function toPlain(document: Document, file: string): unknown {
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: MOST_ALIASES });
  } catch (cause) {
    const why = cause instanceof Error ? plainProblem(cause.message) : 'unreadable';
    throw new BenchError('usage', `${file}: ${why}`, {
      hint: 'Write repeated parts out; anchors that refer to themselves have no end.',
      cause,
    });
  }
  assertNoCycle(value, file);
  return value;
}

/** An anchor may refer to the node that it is in: that has no end. */
function assertNoCycle(value: unknown, file: string): void {
  const open = new Set<object>();
  const visit = (node: unknown, path: PropertyKey[]): void => {
    if (typeof node !== 'object' || node === null) return;
    if (open.has(node)) {
      throw new BenchError('usage', `${file}: ${pathText(path)} refers to a part that it is in`, {
        hint: 'Write the part out in place of the alias (*name).',
      });
    }
    open.add(node);
    for (const [key, child] of Object.entries(node)) visit(child, [...path, key]);
    open.delete(node);
  };
  visit(value, []);
}

/** Line of the field, or of the nearest one around it where it is missing. */
function lineOf(document: Document, path: Path, lines: LineCounter): number | null {
  for (let length = path.length; length >= 0; length--) {
    const node = document.getIn(path.slice(0, length), true);
    if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
  }
  return null;
}

function valueAt(value: unknown, path: Path): unknown {
  let at: unknown = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Record<PropertyKey, unknown>)[key];
  }
  return at;
}
