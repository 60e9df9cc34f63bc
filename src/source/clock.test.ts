import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { holdClock, now } from './clock.ts';
import { sourceFile } from './modules.ts';

describe('the clock of caches', () => {
  const folder = mkdtempSync(join(tmpdir(), 'db-race-clock-'));
  afterEach(() => { vi.useRealTimers(); rmSync(folder, { recursive: true, force: true }); });

  it('takes files as they were while a run holds it, and looks again afterwards', () => {
    vi.useFakeTimers();
    const path = join(folder, 'a.ts');
    writeFileSync(path, 'export const a = 1;');
    const release = holdClock();
    const start = now();
    expect(sourceFile(path)?.text).toBe('export const a = 1;');
    vi.advanceTimersByTime(60_000);
    writeFileSync(path, 'export const a = 22;');
    utimesSync(path, 1, 1);
    expect(now()).toBe(start);
    expect(sourceFile(path)?.text).toBe('export const a = 1;');
    // A run within a run ends with the outer one.
    holdClock()();
    expect(now()).toBe(start);
    release();
    expect(now()).toBe(start + 60_000);
    expect(sourceFile(path)?.text).toBe('export const a = 22;');
  });
});
