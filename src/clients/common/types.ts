/** Declared types as every library meets them. */
import type { Value } from '../../model.ts';
import type { ClientContext, DeclaredType } from '../client.ts';

/** `Model` of `mongoose.Model`. */
export function lastPart(name: string): string { return name.slice(name.lastIndexOf('.') + 1); }

/** `A | B`, `A & B`. */
export function isCombined(type: DeclaredType): boolean { return type.name === '|' || type.name === '&'; }

/**
 * What the first known one of `types` stands for. Of `Knex | Knex.Transaction` or `NodePgDatabase & { $client: Pool }` that is the
 * plain connection, which a caller without a transaction passes.
 */
export function firstDeclared(types: readonly DeclaredType[], context: ClientContext, declaredValue: (type: DeclaredType, context: ClientContext) => Value | undefined): Value | undefined {
  for (const one of types) {
    const value = declaredValue(one, context);
    if (value) return value;
  }
  return undefined;
}
