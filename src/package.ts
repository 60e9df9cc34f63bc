/** What the package says of itself; its package.json is the only place of these facts. */
import { createRequire } from 'node:module';

interface Manifest { readonly name: string; readonly version: string }

// By the package's own name, because the distance to package.json differs between the sources and dist/.
const manifest = createRequire(import.meta.url)('eslint-plugin-db-race/package.json') as Manifest;

export const NAME = manifest.name;
export const VERSION = manifest.version;
/** The prefix of rule ids and the key of the settings. */
export const NAMESPACE = 'db-race';

/** The docs page of a rule as published with this very version. */
export function docsUrl(rule: string): string {
  return `https://unpkg.com/${NAME}@${VERSION}/docs/rules/${rule}.md`;
}
