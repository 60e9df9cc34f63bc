/**
 * "The first row gets the flag": the count stays, since it says what a lone caller gets; the partial unique index decides between
 * two, and the loser inserts again without the flag.
 */
import type { ViolationForm } from '../../clients/forms.ts';
import type { Assignment, Edit, Operation, Refusal, Rewrite } from '../../model.ts';
import type { Table, UniqueKey } from '../../schema/model.ts';
import { contains, enclosingStatement, unwrap } from '../../source/syntax.ts';
import type { Node } from '../../value/terms.ts';
import { list } from '../../wording.ts';
import type { RewriteContext } from '../context.ts';
import { databaseName, uniqueIndexMigration } from '../migration.ts';
import { onlyRow, otherKeys, tableOf } from '../keys.ts';
import { isGivenValues } from '../inert.ts';
import { isRefusal, refuse } from '../refusals.ts';
import { awaited } from '../syntax.ts';
import { editedRange, reindent } from '../text.ts';
import { scopeOf } from './counted.ts';
import { caughtName, handledCall } from './insert-first.ts';

interface FirstRowFlag { readonly count: Operation; readonly insert: Operation; readonly flags: readonly Assignment[] }

export function firstRowFlag(intent: FirstRowFlag, context: RewriteContext): Rewrite | Refusal {
  const { insert, flags, count } = intent;
  const { client, file, forms, trace } = context;
  const table = tableOf(insert);
  if (isRefusal(table)) return table;
  const row = onlyRow(insert);
  if (isRefusal(row)) return row;
  const [flag] = flags;
  if (!flag || flags.length > 1) return refuse('several-flags', `${list(flags.map((one) => one.column))} depend on the count together.`);
  const scope = scopeOf(count).filter((column) => column !== flag.column);
  const key = flagKey(table, flag.column);
  if (!key) return refuse('no-unique-key', `No partial unique index allows one \`${table.name}\` row with \`${flag.column}\` for each ${list(scope) || 'scope'}; add one first.`, uniqueIndexMigration(table, scope, forms.dialect, flag.column));
  const given = key.columns.every((column) => row.assignments.some((one) => one.column === column));
  if (!given || key.columns.some((column) => !scope.includes(column))) return refuse('key-differs', `The partial unique index is on ${list(key.columns)}, the count asks for ${list(scope) || 'everything'}.`);
  const type = table.columns.get(flag.column)?.type;
  if (type !== undefined && !/^(?:bool|boolean|tinyint)$/.test(type)) return refuse('flag-not-boolean', `\`${flag.column}\` is no boolean, so what to write without it is not known.`);
  if (insert.file !== file.path) return refuse('other-file', 'The insert stands in another file.');
  const place = flag.node && contains(insert.node, flag.node) ? flag.node : undefined;
  if (!place) return refuse('flag-elsewhere', `\`${flag.column}\` is worked out away from the insert; write it in the inserted object first.`);
  if (!isGivenValues(insert.node, trace)) return refuse('work-between', 'The inserted values do more than give values, and would be worked out twice.');
  const error = caughtName(context, [insert]);
  const violation = client?.forms?.violation?.({ write: insert, table, key, others: otherKeys(table, key, row), error }, forms);
  if (!violation) return refuse('no-form', `How ${client?.name ?? 'this library'} tells which key was violated is not known here.`);
  if (isRefusal(violation)) return violation;
  const without = forms.edited(insert.node, [withoutFlag(place)]);
  const edits = insert.violation?.arrives === 'returned' ? onReturnedError(insert, without, { ...violation, error }, context) : onThrownError(insert, without, { ...violation, error }, context);
  if (isRefusal(edits)) return edits;
  return {
    kind: 'rewrite', title: `Insert again without \`${flag.column}\` when another row has it by now`, edits,
    requires: [{ id: 'key', text: `a partial unique index allows one row with \`${flag.column}\` for each ${list(key.columns)}`, state: 'proven' }, ...violation.requires],
    changes: [`The second of two first rows is inserted without \`${flag.column}\`, by a second statement; the failed one may use up an id.`, ...violation.changes],
    form: `${client!.id}-first-row-flag`, onConnection: true,
  };
}

/** The partial unique index that lets only one row of a scope have the flag. */
function flagKey(table: Table, flag: string): UniqueKey | undefined {
  const name = databaseName(table, flag).replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const isFlag = new RegExp(`^[\\s(]*["\`]?(?:${name})["\`]?[\\s)]*(?:(?:=|is)[\\s(]*(?:true|1|'t')[\\s)]*)?$`, 'i');
  return table.keys.find((key) => key.where !== undefined && !key.expression && key.columns.length > 0 && isFlag.test(key.where));
}

function withoutFlag(place: Node): Edit {
  if (place.type === 'Property') {
    return place.shorthand ? { start: place.range[1], end: place.range[1], text: ': false' } : { start: place.value.range[0], end: place.value.range[1], text: 'false' };
  }
  const property = place.parent?.type === 'Property' && place.parent.shorthand ? place.parent : undefined;
  return property ? { start: property.range[1], end: property.range[1], text: ': false' } : { start: place.range[0], end: place.range[1], text: 'false' };
}

function onThrownError(insert: Operation, without: string, violation: ViolationForm & { readonly error: string }, context: RewriteContext): Edit[] | Refusal {
  const call = handledCall(insert, without, violation, context);
  if (isRefusal(call)) return call;
  const node = unwrap(insert.node);
  return [{ start: node.range[0], end: node.range[1], text: call }];
}

/** `let { error } = await insert(…); if (<violated>) ({ error } = await insert(… without the flag));` */
function onReturnedError(insert: Operation, without: string, violation: ViolationForm & { readonly error: string }, { file, forms, semicolon }: RewriteContext): Edit[] | Refusal {
  const statement = enclosingStatement(insert.node);
  const indent = forms.indent(statement);
  const again = reindent(without, forms.indent(insert.node), indent);
  const shape = refuse('expression', `The statement at line ${file.line(statement.range[0])} uses the result in place; bind it to a variable first.`);
  const [start, end] = statement.range;
  const text = file.slice(statement);
  const test = (error: string) => violation.test.replace(new RegExp(`(?<![\\w.])${violation.error}(?!\\w)`, 'g'), error);
  if (statement.type === 'ExpressionStatement' && awaited(statement.expression) === unwrap(insert.node)) {
    return [{ start, end, text: `const { error } = ${text.replace(/;$/, '')}${semicolon}\n${indent}if (${test('error')}) await ${again}${semicolon}` }];
  }
  if (statement.type === 'ReturnStatement' && statement.argument && awaited(statement.argument) === unwrap(insert.node)) {
    const name = forms.fresh('inserted');
    return [{ start, end, text: `const ${name} = await ${forms.text(insert.node)}${semicolon}\n${indent}return ${test(`${name}.error`)} ? await ${again} : ${name}${semicolon}` }];
  }
  if (statement.type !== 'VariableDeclaration' || statement.declarations.length !== 1) return shape;
  const { id, init } = statement.declarations[0]!;
  if (!init || awaited(init) !== unwrap(insert.node) || id.type !== 'ObjectPattern') return shape;
  const error = id.properties.find((one) => one.type === 'Property' && one.key.type === 'Identifier' && one.key.name === 'error');
  const plain = id.properties.every((one) => one.type === 'Property' && one.value.type === 'Identifier');
  if (!plain) return shape;
  const name = error?.type === 'Property' && error.value.type === 'Identifier' ? error.value.name : forms.fresh('error');
  const pattern = error ? file.slice(id) : `${file.slice(id).replace(/\s*\}$/, '')}, ${name === 'error' ? 'error' : `error: ${name}`} }`;
  const declaration = editedRange(file.text, start, end, [{ start, end: start + statement.kind.length, text: 'let' }, { start: id.range[0], end: id.range[1], text: pattern }]);
  return [{ start, end, text: `${declaration}\n${indent}if (${test(name)}) (${pattern} = await ${again})${semicolon}` }];
}
