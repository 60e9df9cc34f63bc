import type { Proof, VersionProof } from './model.ts';

/** A proof as a small table: one line a trial and version, then what broke and what is left. */
export function proofText(proof: Proof): string {
  const lines = [`${proof.title}: ${proof.library} on ${proof.server} (${proof.engine})${proof.note ? `; ${proof.note}` : ''}`];
  const width = Math.max(...proof.trials.map((one) => one.name.length));
  for (const trial of proof.trials) {
    for (const version of ['before', 'after'] as const) {
      const one = trial[version];
      if (!one) continue;
      const told = trial.schedules === 'sequence' ? 'one call after the other' : `run ${one.run} of ${one.of}, ${one.broken ? `${one.broken} broken` : 'none broken'}${left(one)}, ${(one.time / Math.max(1, one.run)).toFixed(1)} ms each`;
      lines.push(`  ${(version === 'before' ? trial.name : '').padEnd(width)}  ${version.padEnd(6)}  ${told}`);
      const broken = one.seen.find((seen) => seen.verdict === 'broken');
      if (broken) lines.push(`  ${''.padEnd(width)}          ${broken.note}: ${broken.outcome.replaceAll('\n', ' | ')}`);
    }
    for (const problem of trial.problems) lines.push(`  ! ${trial.name}: ${problem.replaceAll('\n', '\n      ')}`);
  }
  return lines.join('\n');
}

function left(proof: VersionProof): string {
  return proof.seen.filter((one) => one.verdict === 'residual').map((one) => `, ${one.count} left: ${one.note}`).join('');
}
