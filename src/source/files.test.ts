import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contentOf, globToRegExp, walk } from './files.ts';

describe('globs', () => {
  it.each([
    ['**/*.sql', 'a/b/c.sql', true], ['**/*.sql', 'c.sql', true], ['*.sql', 'a/c.sql', false], ['{a,b}/*.prisma', 'b/x.prisma', true],
    ['{a,b}/*.prisma', 'c/x.prisma', false], ['db/**', 'db/x/y.sql', true], ['v[0-9]?.sql', 'v12.sql', true], ['v[!0-9].sql', 'v1.sql', false], ['a+b.sql', 'a+b.sql', true],
  ])('%s on %s: %s', (glob, path, expected) => { expect(globToRegExp(glob).test(path)).toBe(expected); });
});

describe('files', () => {
  let root: string;
  beforeEach(() => { root = mkdtempSync(join(tmpdir(), 'db-race-files-')); });
  afterEach(() => { rmSync(root, { recursive: true }); });

  it('never throws, and says why a file is not read', () => {
    writeFileSync(join(root, 'binary.sql'), Buffer.from([0x50, 0, 1]));
    writeFileSync(join(root, 'big.sql'), Buffer.alloc(5 * 1024 * 1024 + 1, 32));
    expect(contentOf(join(root, 'binary.sql'))).toEqual({ reason: 'the file is binary' });
    expect(contentOf(join(root, 'big.sql'))).toEqual({ reason: 'the file is larger than 5 MB' });
    expect(contentOf(join(root, 'none.sql'))).toEqual({ reason: 'the file cannot be read (ENOENT)' });
    expect(walk(join(root, 'nowhere'), () => true)).toEqual({ files: [], packages: [], cut: false });
  });

  it('walks past what is not the project\'s own', () => {
    for (const path of ['a.sql', 'package.json', 'x/package.json', 'x/y/b.sql', 'node_modules/m/c.sql', '.git/d.sql', 'dist/e.sql', 'src/generated/f.sql']) {
      mkdirSync(dirname(join(root, path)), { recursive: true });
      writeFileSync(join(root, path), '');
    }
    expect(walk(root, (path) => path.endsWith('.sql'))).toEqual({ files: ['a.sql', 'x/y/b.sql'], packages: ['', 'x'], cut: false });
  });
});
