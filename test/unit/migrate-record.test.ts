import { expect, it } from 'vitest';
import { type Migration, migrateRecord } from '../../src/store/migrate-record.ts';
import { gpuRecord } from '../support/sample-records.ts';

it('leaves a record of version 1 as it is', () => {
  const record = gpuRecord();
  expect(migrateRecord(record, 'here')).toBe(record);
});

it('takes an older record through every version', () => {
  const path = {
    newest: 3,
    migrations: new Map<number, Migration>([
      [1, ({ speed, ...rest }) => ({ ...rest, rate: speed })],
      [2, (record) => ({ ...record, unit: 'tokens/s' })],
    ]),
  };
  const old = { schema: 1, id: 'a', speed: 5 };
  expect(migrateRecord(old, 'here', path)).toEqual({
    schema: 3,
    id: 'a',
    rate: 5,
    unit: 'tokens/s',
  });
  expect(old).toEqual({ schema: 1, id: 'a', speed: 5 });
  expect(migrateRecord({ schema: 2, id: 'b' }, 'here', path)).toEqual({
    schema: 3,
    id: 'b',
    unit: 'tokens/s',
  });
});

it('refuses a newer version and says where it was', () => {
  expect(() => migrateRecord({ schema: 2 }, 'store:7')).toThrow(
    expect.objectContaining({
      code: 'record',
      message: expect.stringContaining('store:7'),
      hint: expect.stringContaining('newer mtok'),
    }),
  );
});

it.each([
  null,
  5,
  'text',
  [],
  {},
  { schema: 0 },
  { schema: -1 },
  { schema: 1.5 },
  { schema: '1' },
  { schema: 1e300 },
  JSON.parse('{"__proto__":{"schema":9}}') as unknown,
])('leaves %j to the check of its shape', (raw) => {
  expect(migrateRecord(raw, 'here')).toBe(raw);
});
