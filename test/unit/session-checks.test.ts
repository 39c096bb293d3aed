import { describe, expect, it } from 'vitest';
import type { SessionRequest } from '../../src/backends/backend.ts';
import {
  checkDecode,
  checkLogits,
  checkPrefill,
  checkRequest,
  checkRewind,
  checkTokens,
} from '../../src/backends/checks.ts';
import { BenchError, type ErrorCode } from '../../src/core/errors.ts';
import { presets } from '../../src/model/presets.ts';

const bounds = { batch: 2, position: 3, contextTokens: 8, vocab: 100 };

function request(batch: number, contextTokens: number): SessionRequest {
  const { config } = presets['test-odd'];
  return { model: { name: 'm', config }, batch, contextTokens } as unknown as SessionRequest;
}

function expectError(work: () => unknown, code: ErrorCode, message: RegExp): void {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(BenchError);
    expect((error as BenchError).code).toBe(code);
    expect((error as BenchError).message).toMatch(message);
    return;
  }
  expect.unreachable('nothing was thrown');
}

describe('checkRequest', () => {
  it('accepts exactly the context of the model', () => {
    checkRequest(request(1, 1024));
    expectError(() => checkRequest(request(1, 1025)), 'usage', /1025 tokens.*of m, 1024 tokens/);
  });

  it.each([
    [0, 8],
    [1.5, 8],
    [Number.NaN, 8],
    [1, 0],
    [1, -4],
  ])('refuses batch %d with context %d', (batch, contextTokens) => {
    expectError(() => checkRequest(request(batch, contextTokens)), 'usage', /whole number ≥ 1/);
  });
});

describe('checkTokens', () => {
  it('names the token, its position and the vocabulary', () => {
    checkTokens(Int32Array.of(0, 99), 100);
    const message = /Token 100 at position 2 is outside a vocabulary of 100/;
    expectError(() => checkTokens(Int32Array.of(0, 99, 100), 100), 'usage', message);
    expectError(() => checkTokens(Int32Array.of(-1), 100), 'usage', /Token -1 at position 0/);
  });
});

describe('checkPrefill', () => {
  it('returns the tokens of each sequence', () => {
    expect(checkPrefill(new Int32Array(10), bounds)).toBe(5);
  });

  it('refuses what does not fit', () => {
    expectError(() => checkPrefill(new Int32Array(0), bounds), 'usage', /at least one token/);
    expectError(() => checkPrefill(new Int32Array(5), bounds), 'usage', /multiple of the batch, 2/);
    expectError(() => checkPrefill(new Int32Array(12), bounds), 'usage', /6 more.*3 of 8/);
    expectError(() => checkPrefill(Int32Array.of(1, 100), bounds), 'usage', /Token 100/);
  });
});

describe('checkDecode', () => {
  it('counts the tokens that will be cached', () => {
    checkDecode(0, bounds);
    checkDecode(5, bounds);
    expectError(() => checkDecode(6, bounds), 'usage', /6 more/);
    expectError(() => checkDecode(-1, bounds), 'usage', /-1, is no whole number/);
    expectError(() => checkDecode(2.5, bounds), 'usage', /2.5/);
  });
});

describe('checkLogits', () => {
  it('needs one sequence', () => {
    expect(checkLogits(new Int32Array(5), { ...bounds, batch: 1 })).toBe(5);
    expectError(() => checkLogits(new Int32Array(4), bounds), 'usage', /batch 1, this one has 2/);
  });
});

describe('checkRewind', () => {
  it('only goes back', () => {
    checkRewind(3, 3);
    checkRewind(0, 3);
    expectError(() => checkRewind(4, 3), 'internal', /rewind to 4 from position 3/);
    expectError(() => checkRewind(-1, 3), 'internal', /rewind to -1/);
  });
});
