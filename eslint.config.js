// House rules. Which room of the engine may load which is listed once, in scripts/rooms.mjs; here it becomes an error in the editor,
// and scripts/rooms.test.ts checks the resolved import graph.
import * as parser from '@typescript-eslint/parser';
import { HEAVY, ROOMS } from './scripts/rooms.mjs';

const TESTS = ['**/*.test.ts', '**/*.test.help.ts'];
const ALL_ROOMS = Object.keys(ROOMS).filter((room) => !room.endsWith('.ts'));

const BASICS = {
  'constructor-super': 'error',
  'no-constant-condition': ['error', { checkLoops: false }],
  'no-cond-assign': 'error',
  'no-debugger': 'error',
  'no-dupe-else-if': 'error',
  'no-dupe-keys': 'error',
  'no-duplicate-case': 'error',
  'no-eval': 'error',
  'no-sparse-arrays': 'error',
  'no-self-assign': 'error',
  'no-self-compare': 'error',
  'no-unreachable': 'error',
  'no-unsafe-finally': 'error',
  'no-unsafe-negation': 'error',
  'no-var': 'error',
  'prefer-const': ['error', { destructuring: 'all' }],
  'use-isnan': 'error',
  'valid-typeof': 'error',
  eqeqeq: ['error', 'always', { null: 'ignore' }],
};

/** Imports at run time that `room` may not have: rooms further along the way of the data, and packages that a linter must not load. */
function importRules(room) {
  const foreign = ALL_ROOMS.filter((other) => other !== room && !ROOMS[room].some((one) => one === other || one.startsWith(`${other}/`))).map((other) => other.replace('src/', ''));
  return {
    files: [`${room}/**/*.ts`],
    ignores: TESTS,
    rules: {
      'no-restricted-imports': ['error', {
        paths: HEAVY.map((name) => ({ name, message: 'A linter loads this file; only codemods, the lab and tests may load that.', allowTypeImports: true })),
        patterns: foreign.length ? [{ regex: `^(?:\\.\\./)+(?:src/)?(?:${foreign.join('|')})/`, message: `${room} may load ${ROOMS[room].join(', ') || 'no other room'} (scripts/rooms.mjs).`, allowTypeImports: true }] : [],
      }],
    },
  };
}

export default [
  { ignores: ['dist/', 'node_modules/', 'coverage/', 'fixtures/*/', '!fixtures/hosts/', 'fixtures/**/generated/'] },
  { linterOptions: { reportUnusedDisableDirectives: 'error' } },
  { files: ['**/*.ts'], languageOptions: { parser }, rules: BASICS },
  { files: ['**/*.{js,mjs,cjs}'], languageOptions: { globals: Object.fromEntries(['console', 'process', 'URL', 'Buffer', 'setTimeout', 'performance'].map((name) => [name, 'readonly'])) }, rules: { ...BASICS, 'no-undef': 'error', 'no-unused-vars': 'error' } },
  { files: ['**/*.cjs'], languageOptions: { sourceType: 'commonjs' } },
  ...ALL_ROOMS.filter((room) => room !== 'codemods').map(importRules),
];
