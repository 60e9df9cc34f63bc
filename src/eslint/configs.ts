/** The presets, as flat configs: `recommended` reports what is proven, `strict` also what has one open question. */
import { CLIENTS } from '../clients/index.ts';
import type { EnabledRule } from '../engine.ts';
import { IGNORES } from '../ignores.ts';
import { NAMESPACE } from '../package.ts';
import { schemaHash } from '../schema/index.ts';

/** What a preset sets; no more, so that it fits the config types of every supported ESLint and of typescript-eslint. */
export interface Preset {
  name: string;
  ignores: string[];
  /** The rules' own types differ between ESLint's majors; what all of them take is an object. */
  plugins: Record<string, { meta: { name: string; version: string; namespace: string }; rules: Record<string, any> }>;
  settings: Record<string, unknown>;
  rules: Record<string, ['warn', { certainty: EnabledRule['certainty'] }]>;
}

export interface Configs {
  /** Complete evidence only. */
  readonly recommended: Preset;
  /** Also races with one open question, which the message names. */
  readonly strict: Preset;
}

/** The presets are made when they are asked for: the schema's hash costs a look at the project's folders. */
export function presetsOf(plugin: () => Preset['plugins'][string], ruleNames: readonly string[]): Configs {
  const preset = (name: keyof Configs, certainty: EnabledRule['certainty']): Preset => ({
    name: `${NAMESPACE}/${name}`,
    ignores: [...IGNORES],
    plugins: { [NAMESPACE]: plugin() },
    settings: { [NAMESPACE]: { schemaHash: currentSchemaHash() } },
    rules: Object.fromEntries(ruleNames.map((rule) => [`${NAMESPACE}/${rule}`, ['warn', { certainty }]])),
  });
  let recommended: Preset | undefined;
  let strict: Preset | undefined;
  return {
    get recommended() { return (recommended ??= preset('recommended', 'proven')); },
    get strict() { return (strict ??= preset('strict', 'open')); },
  };
}

/** Part of the key of `eslint --cache`, which otherwise would not notice a changed schema. */
function currentSchemaHash(): string {
  try {
    return schemaHash(process.cwd(), { sources: CLIENTS.flatMap((one) => (one.schema ? [{ client: one.id, source: one.schema }] : [])) });
  } catch {
    // A folder that cannot be read must not stop a linter from starting; without a hash the cache is what it is for everybody.
    return '';
  }
}
