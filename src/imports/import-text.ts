import { BenchError } from '../core/errors.ts';
import type { ImportedRun } from '../core/import-record.ts';
import { importAiperfAggregate } from './aiperf-aggregate.ts';
import { importAiperfConfidence } from './aiperf-confidence.ts';
import { importAiperfRequests } from './aiperf-requests.ts';
import { malformed } from './fields.ts';
import { readJson } from './json-text.ts';
import { importMarkdown, tableHeadLine } from './llama-bench-markdown.ts';
import { runOfRow } from './llama-bench-row.ts';
import { importCsv, importSql } from './llama-bench-text.ts';
import { importVllm } from './vllm.ts';

const MAX_RUNS = 100_000;

/**
 * The results in a file's text, whatever the file is called: the content tells the format. `where` names the
 * file in messages. Throws `record` for text of no known format, cut off, of wrong types or out of bounds.
 */
export function importText(text: string, where: string): ImportedRun[] {
  const content = text.replace(/^\uFEFF/, '');
  const start = content.trimStart();
  if (start === '') throw malformed(`${where} is empty`);
  if (start.startsWith('{') || start.startsWith('[')) return importJson(content, where);
  const [firstLine = ''] = start.split('\n', 1);
  if (/^CREATE TABLE|^INSERT INTO/i.test(start)) return importSql(content, where);
  if (/(^|,)n_prompt,/.test(firstLine) && /(^|,)avg_ts(,|\r?$)/.test(firstLine)) {
    return importCsv(content, where);
  }
  if (tableHeadLine(content.split('\n')) !== -1) return importMarkdown(content, where);
  throw unknownFormat(where);
}

function importJson(text: string, where: string): ImportedRun[] {
  const content = readJson(text, where);
  if (content.layout === 'document' && Array.isArray(content.value)) {
    const rows = content.value.map((value: unknown, i) => ({ value, place: `${where}[${i}]` }));
    return importDocuments(rows, where, 'llama-bench-json');
  }
  if (content.layout === 'document') {
    if (isAiperfConfidence(content.value)) return [importAiperfConfidence(content.value, where)];
    if (isAiperfSummary(content.value)) return [importAiperfAggregate(content.value, where)];
    return importLines([{ value: content.value, line: 1 }], where);
  }
  return importLines(content.values, where);
}

function importLines(values: { value: unknown; line: number }[], where: string): ImportedRun[] {
  if (values.every(({ value }) => has(value, 'metadata', 'metrics'))) {
    return [importAiperfRequests(values, where)];
  }
  const rows = values.map(({ value, line }) => ({ value, place: `${where}:${line}` }));
  return importDocuments(rows, where, 'llama-bench-jsonl');
}

/** Documents of one kind: rows of llama-bench or results of vLLM. */
function importDocuments(
  documents: readonly { value: unknown; place: string }[],
  where: string,
  rowFormat: 'llama-bench-json' | 'llama-bench-jsonl',
): ImportedRun[] {
  if (documents.length === 0) throw malformed(`${where} is an empty list`);
  if (documents.length > MAX_RUNS) throw malformed(`${where} has more than ${MAX_RUNS} results`);
  return documents.map(({ value, place }) => {
    if (has(value, 'n_prompt', 'n_gen', 'avg_ts')) return runOfRow(value, rowFormat, place);
    if (has(value, 'model_id', 'request_throughput', 'duration')) return importVllm(value, place);
    throw unknownFormat(documents.length === 1 ? where : place);
  });
}

/** Metrics with units under `records` (early schema) or beside `input_config` at the top. */
function isAiperfSummary(value: unknown): boolean {
  if (has(value, 'records'))
    return has(value.records, 'request_count') || has(value, 'input_config');
  if (!has(value)) return false;
  return ['request_latency', 'request_count', 'request_throughput'].some((tag) =>
    has(value[tag], 'unit', 'avg'),
  );
}

/** Figures over repeated runs; a line of requests has metadata and metrics too. */
function isAiperfConfidence(value: unknown): boolean {
  return has(value, 'metadata', 'metrics') && has(value.metadata, 'aggregation_type');
}

function has(value: unknown, ...names: readonly string[]): value is Record<string, unknown> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  return names.every((name) => Object.hasOwn(value, name));
}

function unknownFormat(where: string): BenchError {
  return new BenchError('record', `${where} is of no format that mtok imports`, {
    hint:
      'Looked for: llama-bench -o json, jsonl, csv, sql, md (n_prompt, n_gen, avg_ts); vLLM bench serve ' +
      '--save-result (model_id, duration, request_throughput); AIPerf profile_export_aiperf.json (metrics ' +
      'with unit and avg), its _aggregate.json (aggregation_type) and profile_export.jsonl (metadata, metrics).',
  });
}
