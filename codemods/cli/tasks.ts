/** What is done with one file, made from the command line alone, so that a worker can make it as well. */
import { parseSettings } from '../../src/settings.ts';
import { collect, type FileResult } from './findings.ts';
import { list, ruleNames, rulesOf, settingsOf, type Values } from './options.ts';
import { planFile, type Plan, type PlanOptions } from './plan.ts';

export type Job =
  | { readonly kind: 'scan'; readonly values: Values; readonly cwd: string; readonly told: boolean }
  | { readonly kind: 'migrate'; readonly values: Values; readonly cwd: string };

export type TaskResult = FileResult | Plan;

/** @throws UsageError, SettingsError. */
export async function taskOf(job: Job): Promise<(path: string) => TaskResult> {
  const { values, cwd } = job;
  if (job.kind === 'scan') {
    const options = { settings: parseSettings(await settingsOf(values, cwd)), cwd, rules: rulesOf(values), told: job.told };
    return (path) => collect(path, options);
  }
  const options = await planOptions(values, cwd);
  return (path) => planFile(path, options);
}

export async function planOptions(values: Values, cwd: string): Promise<PlanOptions> {
  const rules = ruleNames(values);
  const accept = list(values, 'accept');
  return { settings: await settingsOf(values, cwd), cwd, ...(rules && { rules }), ...(accept && { accept }) };
}
