/** Reasons why nothing is rewritten. Ids are stable: statistics, fixtures and the documentation name them. */
import type { Migration, Refusal } from '../model.ts';

export function refuse(id: string, reason: string, migration?: Migration): Refusal {
  return { kind: 'refusal', id, reason, ...(migration && { migration }) };
}

export function isRefusal(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && (value as Refusal).kind === 'refusal';
}
