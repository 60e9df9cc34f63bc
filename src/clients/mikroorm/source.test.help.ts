/** For tests: what the operations of a text are, through the trace, with two entities in the catalogue. */
import type { Operation } from '../../model.ts';
import type { Catalogue, Dialect } from '../../schema/model.ts';
import { parseSource } from '../../source/parse.ts';
import { traceFile } from '../../trace/index.ts';
import { mikroorm } from './index.ts';
import { entitySource } from './schema.ts';

export const USER = `import { Entity, Property, PrimaryKey, ManyToOne, Unique, OneToMany, Collection, BeforeCreate, type Opt } from '@mikro-orm/core'; import { Base } from './base'; import { Team } from './team.entity';
@Entity({ tableName: 'users' }) @Unique({ properties: ['team', 'nick'] }) export class User extends Base {
  @Property({ unique: true }) email!: string; @Property({ nullable: true }) name?: string; @Property() nick!: string; @Property({ default: 0 }) hits: number & Opt = 0;
  @Property({ type: 'json', nullable: true }) settings?: Record<string, unknown>;
  @ManyToOne(() => Team) team!: Team;
  @BeforeCreate() hash() {}
}`;
const BASE = "import { PrimaryKey } from '@mikro-orm/core'; export abstract class Base { @PrimaryKey() id!: number; }";
const TEAM = `import { Entity, Property, PrimaryKey, OneToMany, Collection } from '@mikro-orm/core'; import { User } from './user.entity';
@Entity() export class Team { @PrimaryKey() id!: number; @Property({ version: true }) version!: number; @Property() seats!: number; @OneToMany(() => User, (user) => user.team) users = new Collection<User>(this); }`;

export function operationsOf(text: string, dialect: Dialect = 'postgres'): readonly Operation[] {
  const [part] = entitySource.read([{ path: 'user.entity.ts', text: USER }, { path: 'base.ts', text: BASE }, { path: 'team.entity.ts', text: TEAM }]);
  const tables = part!.tables;
  const catalogue: Catalogue = { dialect, tables, find: (_client, name) => tables.find((one) => one.name === name), unread: [], files: [] };
  const surroundings = { clients: [mikroorm], catalogue, dialect, version: () => undefined, resolve: () => undefined };
  return traceFile(parseSource('case.ts', text), surroundings).flatMap((trace) => trace.operations);
}
