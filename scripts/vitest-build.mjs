// vitest's globalSetup of the tests that look at the built package.
import { build } from './build.mjs';

export default function setup() {
  // Types are checked by `npm run typecheck`; here only the files matter.
  if (!build({ check: false })) throw new Error('the build failed: see the messages of tsc above.');
}
