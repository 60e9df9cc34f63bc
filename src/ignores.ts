/** What both hosts leave out, each unless it is told otherwise: the presets of ESLint, and the command line. */

/** Code of which two calls never run at the same time for users: tests, seeds, migrations, one-off scripts. */
export const IGNORES: readonly string[] = [
  '**/*.{test,spec,e2e,e2e-spec,int-spec,bench,stories,seed,seeder,migration}.*',
  '**/{test,tests,__tests__,__mocks__,__fixtures__,e2e,cypress,playwright}/**',
  '**/{seed,seeds,seeder,seeders}.*',
  '**/{seed,seeds,seeder,seeders,seeding}/**',
  '**/{migration,migrations}/**',
  '**/scripts/**',
];
