/** What the forms of several clients say alike. */
import type { Dialect, Requirement } from '../../model.ts';

export const DATABASES: Readonly<Record<Dialect, string>> = { postgres: 'Postgres', mysql: 'MySQL', sqlite: 'SQLite' };

/** The form is that of this database, which is known. */
export const onDatabase = (dialect: Dialect): Requirement => ({ id: 'dialect', text: `the database is ${DATABASES[dialect]}`, state: 'proven' });
