/** The plugin: `import dbRace from 'eslint-plugin-db-race'`, or `require` of it. */
import type { TSESLint } from '@typescript-eslint/utils';
import { RULES } from '../rules/index.ts';
import { toEslintRule } from './eslint/adapter.ts';
import { presetsOf, type Configs } from './eslint/configs.ts';
import { NAME, NAMESPACE, VERSION } from './package.ts';
import { defineClient } from './settings.ts';

// For clients of one's own: what a written object and an object of equalities mean.
export { equalities, rowsFrom } from './clients/common/rows.ts';
export { defineClient };
export type { Configs, Preset } from './eslint/configs.ts';
export type { UserSettings } from './settings.ts';
export type { Call, Client, ClientContext, ClassFacts, DeclaredType, Meaning } from './clients/client.ts';
export type * from './model.ts';

export interface DbRacePlugin {
  readonly meta: { readonly name: string; readonly version: string; readonly namespace: string };
  readonly rules: Readonly<Record<string, TSESLint.LooseRuleDefinition>>;
  readonly configs: Configs;
  readonly defineClient: typeof defineClient;
}

const plugin: DbRacePlugin = {
  meta: { name: NAME, version: VERSION, namespace: NAMESPACE },
  rules: Object.fromEntries(RULES.map((rule) => [rule.name, toEslintRule(rule)])),
  configs: presetsOf(() => plugin, RULES.map((rule) => rule.name)),
  defineClient,
};

// `require` of an ES module gives its namespace, unless it exports this name.
export { plugin as default, plugin as 'module.exports' };
