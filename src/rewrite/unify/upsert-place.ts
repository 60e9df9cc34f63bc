/** A place that is an upsert by its client's own conflict clause: the call is replaced, and what was given to it is handed over. */
import type { WriteParts } from '../../clients/forms.ts';
import type { Edit, Node, Operation, Refusal } from '../../model.ts';
import { unwrap } from '../../source/syntax.ts';
import type { RewriteContext } from '../context.ts';
import { isInert } from '../inert.ts';
import { isRefusal, refuse } from '../refusals.ts';
import { awaited, withAwait } from '../syntax.ts';
import { keyOf, readsOf, type Reads } from './keys.ts';
import type { Place } from './model.ts';

export type PlaceBase = Pick<Place, 'chain' | 'reads' | 'whole' | 'tellsNew' | 'changes' | 'edits'>;

export function upsertPlace(write: Operation, columns: readonly string[], parts: WriteParts, context: RewriteContext): PlaceBase | Refusal {
  const { trace, file } = context;
  const key = keyOf(write.table.table!, columns);
  if (isRefusal(key)) return key;
  // The look-up of an upsert with a `where` of its own compares what is inserted, too.
  const compared = write.predicate?.arms[0] ?? [];
  const row = write.rows?.[0];
  const differs = compared.find((one) => row?.assignments.findLast((each) => each.column === one.column)?.value !== one.value);
  if (differs) return refuse('key-value-differs', `The look-up asks for another \`${differs.column}\` than the insert writes.`);
  const set = parts.set ?? 'row';
  if (typeof set !== 'string' && !isInert(set, trace)) return refuse('work-between', 'What the update is given does more than give a value.');
  const use = useOf(write, parts, context);
  if (isRefusal(use)) return use;
  return {
    chain: [{ key, set }], reads: use.columns, whole: use.whole, tellsNew: false, changes: [],
    edits: (call) => [...use.edits, { start: write.node.range[0], end: write.node.range[1], text: call }],
  };

  function useOf(operation: Operation, { gives }: WriteParts, { file: { text } }: RewriteContext): Reads & { readonly edits: readonly Edit[] } | Refusal {
    const call = withAwait(operation.node);
    if (call.type !== 'AwaitExpression' && !isReturned(operation.node)) return refuse('expression', 'The upsert is not awaited where it stands.');
    const holder = call.parent!;
    const nothing = { columns: new Set<string>(), whole: false, edits: [] };
    if (holder.type === 'ExpressionStatement') return nothing;
    if (gives === 'response') return response(holder, operation);
    if (gives === 'nothing') return refuse('row-shape', 'What the upsert gives back is used, and it is not the row.');
    const declarator = holder.type === 'VariableDeclarator' && unwrap(holder.init!) === unwrap(call) ? holder : undefined;
    if (gives === 'rows') {
      const only = declarator?.id.type === 'ArrayPattern' && declarator.id.elements.length === 1 ? declarator.id.elements[0] : undefined;
      if (only?.type !== 'Identifier') return refuse('row-shape', 'The upsert gives back a list; take its row with `const [row] = …`.');
      const start = declarator!.id.range[0];
      return { ...readsOf([file.variable(only)!]), edits: [{ start, end: declarator!.id.range[1], text: text.slice(only.range[0], only.range[1]) }] };
    }
    if (declarator?.id.type === 'Identifier') return { ...readsOf([file.variable(declarator.id)!]), edits: [] };
    return { columns: new Set(), whole: true, edits: [] };
  }

  function response(holder: Node, operation: Operation): Reads & { readonly edits: readonly Edit[] } | Refusal {
    const pattern = holder.type === 'VariableDeclarator' ? holder.id : undefined;
    if (pattern?.type !== 'ObjectPattern') return refuse('row-shape', 'The whole response is used, of which the function gives data and error only.');
    const rows = [];
    for (const one of pattern.properties) {
      const part = one.type === 'Property' && one.key.type === 'Identifier' ? operation.result.find(({ path }) => path.length === 1 && path[0] === (one.key as { name: string }).name) : undefined;
      const variable = one.type === 'Property' && one.value.type === 'Identifier' ? file.variable(one.value) : undefined;
      if (!part || !variable) return refuse('row-shape', 'The response is taken apart in a way that the function\'s is not.');
      if (part.is === 'written' || part.is === 'row') rows.push(variable);
      else if (part.is !== 'error') return refuse('row-shape', 'Of the response more than the row and the error is used.');
    }
    return { ...readsOf(rows), edits: [] };
  }
}

function isReturned(node: Node): boolean {
  let at = node;
  while (at.parent && awaited(at.parent) === unwrap(node) && at.parent.type !== 'ReturnStatement') at = at.parent;
  return at.parent?.type === 'ReturnStatement' || (at.parent?.type === 'ArrowFunctionExpression' && at.parent.body === at);
}
