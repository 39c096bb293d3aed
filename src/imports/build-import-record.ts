import {
  IMPORT_RECORD_VERSION,
  type ImportedCost,
  type ImportedRun,
  type ImportRecord,
  importRecordSchema,
  MAX_KEPT_SAMPLES,
} from '../core/import-record.ts';
import { readAs } from './fields.ts';

/**
 * A result as it is stored; of metrics with too many samples to keep only their number stays. Throws
 * `record` where figures of the file, together, come to what is no number: a rate over next to no time.
 */
export function buildImportRecord(parts: {
  id: string;
  importedAt: string;
  file: ImportRecord['file'];
  run: ImportedRun;
  cost: ImportedCost | null;
}): ImportRecord {
  const metrics = parts.run.metrics.map((metric) =>
    (metric.samples?.length ?? 0) > MAX_KEPT_SAMPLES ? { ...metric, samples: null } : metric,
  );
  const record = {
    kind: 'import',
    schema: IMPORT_RECORD_VERSION,
    ...parts,
    run: { ...parts.run, metrics },
  };
  return readAs(importRecordSchema, record, parts.file.name);
}
