import { readFile } from 'node:fs/promises';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { engine } from './engines/index.ts';
import type { Database } from './engines/engine.ts';
import { GatedConnections, type Instance, type Library } from './libraries/library.ts';
import { openLibrary, PRISMA_SCHEMA, prismaPackages } from './libraries/index.ts';
import { loadScenario, projectOf } from './load.ts';
import type { EngineName, Outcome, Proof, Scenario, SchemaSetup, Trial } from './model.ts';
import { resultOf } from './outcome.ts';
import { Gate, Stage, type InnerGates, type Pick, type Step } from './schedule/stage.ts';
import { proveTrial } from './trial.ts';

/** What a trial runs on: the database, and one client a call. */
export interface Ground {
  readonly generated: ReadonlySet<string>;
  /** One run on fresh tables: concurrently under `pick`, or, with an order, one call after the other. */
  run(trial: Trial, module: unknown, how: { readonly pick: Pick } | { readonly order: readonly number[] } | { readonly failing: number }): Promise<{ readonly steps: readonly Step[]; readonly complete: boolean; readonly outcome: Outcome }>;
  /** Statements that passed the gates in the last run. */
  sent(): number;
}

/** The scenario of a file, with the packages of its project in place. */
export async function readScenario(file: string): Promise<{ readonly scenario: Scenario; readonly project: string }> {
  const project = projectOf(file);
  const packages = existsSync(join(project, PRISMA_SCHEMA)) ? await prismaPackages(join(project, PRISMA_SCHEMA)) : {};
  return { scenario: await loadScenario(file, Object.fromEntries(Object.entries(packages).map(([name, path]) => [name, pathToFileURL(path).href]))), project };
}

/** Runs every trial of a scenario on one engine, both versions. `project`: the folder that its paths start from. */
export async function prove(scenario: Scenario, project: string, engineName: EngineName): Promise<Proof> {
  const chosen = engine(engineName);
  const library = await openLibrary(scenario.library, project);
  const database = await chosen.create();
  const opened: { gates: GatedConnections; instance: Instance }[] = [];
  try {
    await createTables(scenario, scenario.schemas?.[engineName] ?? scenario.schema, project, database, library);
    const inner = await database.gatesInside?.();
    const { generated, linkage, readCommitted } = await database.inspect();
    for (let call = 0; call < Math.max(...scenario.trials.map((one) => one.calls.length)); call++) {
      const gates = new GatedConnections(new Gate(call));
      gates.learn(linkage, readCommitted);
      opened.push({ gates, instance: await library.open(database.address, gates) });
    }
    const ground = groundOf(new Set([...generated, ...(scenario.generated ?? [])]), database, opened, inner);
    const trials = [];
    for (const trial of scenario.trials) trials.push(await proveTrial(trial, scenario, ground));
    return { title: scenario.title, engine: engineName, server: await chosen.version(), library: scenario.library.name, note: library.note, trials };
  } finally {
    for (const one of opened) await one.instance.close();
    await library.close?.();
    await database.close();
  }
}

function groundOf(generated: ReadonlySet<string>, database: Database, opened: readonly { gates: GatedConnections; instance: Instance }[], inner: InnerGates | undefined): Ground {
  return {
    generated,
    async run(trial, module, how) {
      await database.reset(trial.start ?? '');
      const results: Outcome['results'][number][] = [];
      const call = (at: number) => async () => { results[at] = await resultOf(() => trial.calls[at]!(module, opened[at]!.instance.handle)); };
      const gates = opened.map((one) => one.gates.gate);
      let ran: { steps: readonly Step[]; complete: boolean } = { steps: [], complete: true };
      if ('pick' in how) {
        const stage = new Stage(database.blocked, undefined, inner);
        for (const one of gates) one.enter(stage);
        try {
          ran = await stage.run(trial.calls.map((_, at) => call(at)), how.pick);
        } finally {
          for (const one of gates) one.enter(undefined);
        }
      } else {
        const failing = 'failing' in how ? how.failing : undefined;
        for (const one of gates) one.enter(undefined, failing);
        for (const at of 'order' in how ? how.order : [0]) await call(at)();
      }
      return { ...ran, outcome: { results, tables: await database.rows() } };
    },
    sent: () => opened.reduce((sum, one) => sum + one.gates.gate.sent, 0),
  };
}

async function createTables(scenario: Scenario, schema: SchemaSetup, project: string, database: Database, library: Library): Promise<void> {
  if (library.prelude) await database.exec(library.prelude);
  if (schema === 'migrations' || schema === 'entities') {
    if (!library.createTables) throw new Error(`${scenario.title}: ${scenario.library.name} has no ${schema}; give the schema as \`sql\` or \`files\`.`);
    await library.createTables(database.address, schema);
  } else if ('sql' in schema) {
    await database.exec(schema.sql);
  } else {
    for (const path of schema.files) for (const file of sqlFiles(join(project, path))) await database.exec(await readFile(file, 'utf8'));
  }
}

function sqlFiles(path: string): string[] {
  if (!existsSync(path)) throw new Error(`${path}: the schema of this scenario is not there.`);
  if (!statSync(path).isDirectory()) return [path];
  return (readdirSync(path, { recursive: true, encoding: 'utf8' })).filter((one) => one.endsWith('.sql')).sort().map((one) => join(path, one));
}
