/** For tests: what the operations of a text are, through the trace, with one entity in the catalogue. */
import type { Operation } from '../../model.ts';
import type { Catalogue } from '../../schema/model.ts';
import { parseSource } from '../../source/parse.ts';
import { traceFile } from '../../trace/index.ts';
import { typeorm } from './index.ts';
import { entitySource } from './schema.ts';

export const USER = `import { Entity, Column, Index, ManyToOne, JoinColumn, BeforeInsert } from 'typeorm'; import { Base } from './base'; import { Team } from './team.entity';
@Entity('users') @Index(['team', 'nick'], { unique: true, where: 'nick IS NOT NULL' }) export class User extends Base {
  @Column({ unique: true }) email: string; @Column({ nullable: true }) name: string; @Column({ nullable: true }) nick: string; @Column({ default: 0 }) hits: number;
  @ManyToOne(() => Team, (team) => team.users) @JoinColumn() team: Team;
  @BeforeInsert() hash() {}
}`;
const BASE = `import { PrimaryGeneratedColumn } from 'typeorm'; export abstract class Base { @PrimaryGeneratedColumn() id: number; }`;

export function operationsOf(text: string): readonly Operation[] {
  const [part] = entitySource.read([{ path: 'user.entity.ts', text: USER }, { path: 'base.ts', text: BASE }]);
  const tables = part!.tables;
  const catalogue: Catalogue = { dialect: 'postgres', tables, find: (_client, name) => tables.find((one) => one.name === name), unread: [], files: [] };
  const surroundings = { clients: [typeorm], catalogue, dialect: 'postgres' as const, version: () => undefined, resolve: () => undefined };
  return traceFile(parseSource('case.ts', text), surroundings).flatMap((trace) => trace.operations);
}
