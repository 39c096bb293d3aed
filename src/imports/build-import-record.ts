import {
  IMPORT_RECORD_VERSION,
  type ImportedCost,
  type ImportedRun,
  type ImportRecord,
  importRecordSchema,
  MAX_KEPT_SAMPLES,
} from '../core/import-record.ts';

/** A result as it is stored; of metrics with too many samples to keep only their number stays. */
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
  return importRecordSchema.parse({
    kind: 'import',
    schema: IMPORT_RECORD_VERSION,
    ...parts,
    run: { ...parts.run, metrics },
  });
}
