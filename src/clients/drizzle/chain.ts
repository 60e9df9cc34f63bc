/** A statement's chain as it stands in the file. */
import type { Operation } from '../../model.ts';
import type { BuilderData } from './handles.ts';

export { stepsOf } from '../common/nodes.ts';

export const builderOf = (operation: Operation): BuilderData | undefined => operation.detail?.['builder'] as BuilderData | undefined;
