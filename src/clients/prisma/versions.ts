/** The versions of the library that the forms were run on. */
import type { Requirement } from '../../model.ts';
import type { FormContext } from '../forms.ts';

export function version(context: FormContext): Requirement[] {
  const found = context.version('@prisma/client') ?? context.version('prisma');
  const text = 'Prisma is of version 5, 6 or 7';
  return [{ id: 'version', text, state: found !== undefined && found >= 5 && found <= 7 ? 'proven' : 'unknown' }];
}
