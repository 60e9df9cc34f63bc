/** Reasons why this client has no form. */
import type { Refusal } from '../../model.ts';

export function refuseForm(id: string, reason: string): Refusal {
  return { kind: 'refusal', id, reason };
}

export function isRefused(value: unknown): value is Refusal {
  return typeof value === 'object' && value !== null && (value as Refusal).kind === 'refusal';
}
