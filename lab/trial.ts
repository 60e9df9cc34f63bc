import type { Outcome, Scenario, Seen, Trial, TrialProof, Verdict, VersionProof } from './model.ts';
import { orders, outcomeText } from './outcome.ts';
import type { Ground } from './prove.ts';
import { explore, lockstep, standsFor } from './schedule/explore.ts';
import type { Step } from './schedule/stage.ts';

type Version = 'before' | 'after';
interface Ran { readonly steps: readonly Step[]; readonly outcome: Outcome; readonly label?: string }

const LIMIT = 5_000;

/** Runs one trial on both versions and compares what was seen with what the scenario says. */
export async function proveTrial(trial: Trial, scenario: Scenario, ground: Ground): Promise<TrialProof> {
  const schedules = trial.schedules ?? 'all';
  const problems: string[] = [];
  const before = await proveVersion('before', trial, scenario.before, ground, problems);
  const after = scenario.after === undefined ? undefined : await proveVersion('after', trial, scenario.after, ground, problems);
  const residual = [...new Set((after?.proof.seen ?? []).flatMap((one) => (one.verdict === 'residual' ? [one.note!] : [])))];

  if (after && trial.changes === undefined) {
    const at = before.sequential.findIndex((one, index) => one !== after.sequential[index]);
    if (at >= 0) problems.push(`one call after the other, the rewritten version gives\n${after.sequential[at]}\nwhere the original gives\n${before.sequential[at]}`);
  }
  if (schedules !== 'sequence') {
    const breaks = (trial.before ?? 'breaks') === 'breaks';
    if (breaks && !before.proof.broken) problems.push('the original breaks under no schedule');
    if (!breaks && before.proof.broken) problems.push(`the original breaks: ${describe(before.proof)}`);
    if (after?.proof.broken) problems.push(`the rewritten version breaks: ${describe(after.proof)}`);
  }
  for (const name of Object.keys(trial.residual ?? {})) if (!residual.includes(name)) problems.push(`the residual \`${name}\` was not seen`);
  return { name: trial.name, schedules, before: before.proof, after: after?.proof, residual, problems };
}

function describe(proof: VersionProof): string {
  const one = proof.seen.find((seen) => seen.verdict === 'broken')!;
  return `${one.note}\n${one.outcome}\nunder the schedule\n${one.schedule.join('\n')}`;
}

async function proveVersion(version: Version, trial: Trial, module: unknown, ground: Ground, problems: string[]): Promise<{ proof: VersionProof; sequential: string[] }> {
  const schedules = trial.schedules ?? 'all';
  const started = performance.now();
  const text = (outcome: Outcome) => outcomeText(outcome, ground.generated);

  const sequential: string[] = [];
  const sequences = schedules === 'sequence' ? [trial.calls.map((_, at) => at)] : schedules === 'faults' ? [[0]] : orders(trial.calls.length);
  for (const order of sequences) sequential.push(text((await ground.run(trial, module, { order })).outcome));
  const serial = new Set(sequential);
  const again = text((await ground.run(trial, module, { order: sequences[0]! })).outcome);
  if (again !== sequential[0]) problems.push(`${version}: the same calls in the same order do not repeat; name what is made up at run time in \`generated\`\n${again}\nand before\n${sequential[0]}`);

  const ran: Ran[] = [];
  let of = 0;
  const exploring = performance.now();
  if (schedules === 'all') {
    const limit = trial.limit ?? LIMIT;
    const { runs, cut } = await explore((pick) => ground.run(trial, module, { pick }), limit);
    if (cut) problems.push(`${version}: more than ${limit} schedules; the rest did not run. Take fewer calls, or raise \`limit\`.`);
    for (const one of runs) {
      ran.push(one);
      of += standsFor(one.steps);
    }
  } else if (schedules === 'lockstep') {
    const run = await ground.run(trial, module, { pick: lockstep() });
    ran.push(run);
    of = standsFor(run.steps);
  } else if (schedules === 'faults') {
    const count = ground.sent();
    for (let failing = 0; failing < count; failing++) ran.push({ ...(await ground.run(trial, module, { failing })), label: `statement ${failing + 1} of ${count} fails` });
    of = count;
  }

  const seen = new Map<string, { seen: Seen; count: number }>();
  for (const { steps, outcome, label } of ran) {
    const own = text(outcome);
    const { verdict, note } = judge(version, trial, outcome, schedules === 'faults' || serial.has(own));
    const key = `${verdict}\0${note}\0${own}`;
    const known = seen.get(key);
    if (known) known.count++;
    else seen.set(key, { count: 1, seen: { verdict, note, count: 0, outcome: own, schedule: label ? [label] : steps.map((one) => `${one.call + 1}: ${one.sql.replace(/\s+/g, ' ').trim()}`) } });
  }
  const all = [...seen.values()].map((one): Seen => ({ ...one.seen, count: one.count }));
  const proof: VersionProof = { run: ran.length, of, broken: all.filter((one) => one.verdict === 'broken').reduce((sum, one) => sum + one.count, 0), seen: all, time: performance.now() - (ran.length ? exploring : started) };

  const wrong = schedules === 'lockstep' ? trial.expect?.[version]?.(ran[0]!.outcome) : undefined;
  if (wrong) problems.push(`${version}: ${wrong}\n${text(ran[0]!.outcome)}`);
  return { proof, sequential };
}

function judge(version: Version, trial: Trial, outcome: Outcome, serial: boolean): { verdict: Verdict; note: string | undefined } {
  const wrong = trial.invariant?.(outcome);
  if (wrong) return { verdict: 'broken', note: wrong };
  if (serial) return { verdict: 'serial', note: undefined };
  if (version === 'after') {
    const name = Object.entries(trial.residual ?? {}).find(([, holds]) => holds(outcome))?.[0];
    if (name) return { verdict: 'residual', note: name };
  }
  return { verdict: 'broken', note: 'as under no order of the calls' };
}
