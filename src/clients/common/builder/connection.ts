/** The connection that builders are made on, for libraries that stand on top of the builder's own. */
import type { ClientContext } from '../../client.ts';
import type { HandleValue } from '../../../value/terms.ts';
import type { Origin } from './state.ts';

/** Who speaks for connections and transactions: libraries above hand them out and take them. */
export const BUILDER = 'knex';

export const connectionHandle = (context: ClientContext, origin: Origin): HandleValue => context.terms.handle(BUILDER, 'connection', { ...origin });
