/** The text of the one function, and of its calls. */
import type { AlternativeKeysForm, FormContext, PartialTest } from '../../clients/forms.ts';
import { reindent, indentAt } from '../text.ts';
import type { Unified, NamedKey } from './chain.ts';
import type { Place, Step } from './model.ts';

export interface HelperStyle { readonly typescript: boolean; readonly quote: "'" | '"'; readonly semicolon: string; readonly unit: string }

/** Rounds in which somebody else can be faster; each needs another insert or delete of the very row in between. */
const ROUNDS = 3;

/** `upsertUser` for a table `users` or a model `User`. */
export function helperName(table: string): string {
  const words = table.replace(/([a-z\d])([A-Z])/g, '$1_$2').split(/[^A-Za-z\d]+/).filter(Boolean);
  const last = words.pop() ?? table;
  return `upsert${[...words, singular(last)].map((one) => one[0]!.toUpperCase() + one.slice(1)).join('')}`;
}

function singular(word: string): string {
  if (/(?:ss|us|is|news|series|data)$/i.test(word)) return word;
  if (/ies$/i.test(word) && word.length > 4) return word.replace(/ies$/i, 'y');
  return /(?:ch|sh|x|ss|zz)es$/i.test(word) ? word.slice(0, -2) : word.replace(/s$/i, '');
}

export function helperText(name: string, unified: Unified, style: HelperStyle): string {
  const { form } = unified;
  const { typescript, unit, semicolon: end } = style;
  const by = unified.keys.map((one) => style.quote + one.name + style.quote).join(' | ');
  const typed = (annotation: string): string => (typescript ? `: ${annotation}` : '');
  const lines = [
    '/**',
    ` * The \`${unified.table.dbName}\` row that one of \`keys\` finds, or a new one. All that adds or updates such a row by a key goes through here: concurrent`,
    ' * calls that mean one row cannot miss each other by looking for it in different ways.',
    ' *',
    ' * The keys are asked in their order, those without a value left out. What is found first gets `set`: these values, all of `row`, or nothing.',
    ' */',
    `export async function ${name}(`,
    `${unit}${form.handle.name}${typed(form.handle.type)},`,
    `${unit}row${typed(form.row)},`,
    `${unit}keys${typed(`readonly { readonly by: ${by}; readonly set?: ${form.values} | ${style.quote}row${style.quote} }[]`)},`,
    ') {',
    ...indented([
      `const find = (by${typed(by)}) => {`, `${unit}switch (by) {`,
      ...unified.keys.map((one) => `${unit}${unit}case ${style.quote}${one.name}${style.quote}: return ${applies(one, unified, style)} ? ${form.find.get(one.name)!} : undefined${end}`),
      `${unit}}`, `}${end}`,
      `for (let round = 1; ; round++) {`,
      ...indented(form.errors === 'returned' ? returned(form, unified, style) : thrown(form, unified, style), unit),
      '}',
    ], unit),
    '}',
  ];
  return `${lines.join('\n')}\n`;
}

const indented = (lines: readonly string[], unit: string): string[] => lines.map((one) => unit + one);

/** The key has a value, and the row is one that a partial index holds. */
function applies({ name, key }: NamedKey, { form, table }: Unified, { quote }: HelperStyle): string {
  const tests = key.columns.map((column) => `${field('row', column, quote)} != null`);
  for (const test of form.partial.get(name) ?? []) tests.push(meets(test, table.columns.get(test.column)?.defaultLiteral ?? null, quote));
  return tests.join(' && ');
}

function meets({ column, operator, value }: PartialTest, left: PartialTest['value'], quote: string): string {
  const text = (one: PartialTest['value']): string => (typeof one === 'string' ? quote + one + quote : String(one));
  const own = field('row', column, quote);
  const given = left === null ? own : `(${own} ?? ${text(left)})`;
  switch (operator) {
    case '=': return `${given} === ${text(value)}`;
    case '!=': return `${given} !== ${text(value)}`;
    case 'is null': return `${given} == null`;
    case 'is not null': return `${given} != null`;
  }
}

const field = (object: string, column: string, quote: string): string => (/^[A-Za-z_$][\w$]*$/.test(column) ? `${object}.${column}` : `${object}[${quote}${column}${quote}]`);

/** The negation of `error.code === '23505'`. */
const isOther = (violation: string): string => (/^[^&|]* === [^&|=]*$/.test(violation) ? violation.replace(' === ', ' !== ') : `!(${violation})`);

/** The loop over the keys. */
function asked({ mixed }: Unified, { typescript, unit, semicolon: end }: HelperStyle): string[] {
  if (!mixed) return ['for (const { by, set } of keys) {'];
  return [`let seen${typescript ? ': unknown' : ''}${end}`, 'for (let index = 0; index < keys.length; index++) {', `${unit}const { by, set } = keys[index]${typescript ? '!' : ''}${end}`];
}

/**
 * A row that only a later key finds may have been inserted since the keys before it were asked. Where they would do something else with it,
 * they are asked once more: between two answers that name the same row, none of them finds one.
 */
function askedAgain({ mixed }: Unified, { semicolon: end }: HelperStyle, id: string): string[] {
  if (!mixed) return [];
  return ['// The row may be newer than the answers of the keys before this one, and theirs is what is done with it.', `if (index > 0 && ${id} !== seen) { seen = ${id}${end || ';'} index = -1${end || ';'} continue${end} }`];
}

/** Requests that return their errors: each answer has the shape of a response. */
function returned(form: AlternativeKeysForm, unified: Unified, style: HelperStyle): string[] {
  const { tellsNew } = unified;
  const { unit, semicolon: end, quote } = style;
  const given = (row: string, isNew: boolean): string => (tellsNew ? `{ data: { ...${row}.data, created: ${isNew} }, error: null }` : `{ data: ${row}.data, error: null }`);
  return [
    ...asked(unified, style),
    ...indented([
      `const known = await find(by)${end}`,
      `if (known?.error) return { data: null, error: known.error }${end}`,
      `if (!known?.data) continue${end}`,
      ...askedAgain(unified, style, `known.data.${unified.id}`),
      `if (!set) return ${given('known', false)}${end}`,
      `const values = set === ${quote}row${quote} ? row : set${end}`,
      `const updated = await ${form.update}${end}`,
      `if (updated.error) return { data: null, error: updated.error }${end}`,
      '// Nothing was updated: somebody has removed the row meanwhile.',
      `if (updated.data) return ${given('updated', false)}${end}`,
    ], unit),
    '}',
    `const inserted = await ${form.insert}${end}`,
    `if (!inserted.error) return ${given('inserted', true)}${end}`,
    `const { error } = inserted${end}`,
    '// Somebody else was faster: one of the keys finds the row now.',
    `if (${isOther(form.violation)} || round === ${ROUNDS}) return { data: null, error }${end}`,
  ];
}

function thrown(form: AlternativeKeysForm, unified: Unified, style: HelperStyle): string[] {
  const { tellsNew } = unified;
  const { unit, semicolon: end, quote } = style;
  const given = (row: string, isNew: boolean): string => (row === '' ? '' : ` ${tellsNew ? `{ ...${row}, created: ${isNew} }` : row}`);
  // Nobody reads the row where there is no text for it.
  const inserted = form.again?.inserted === '' ? '' : 'const inserted = ';
  const { again } = form;
  return [
    ...asked(unified, style),
    ...indented([
      `const known = await find(by)${end}`,
      `if (!known) continue${end}`,
      ...askedAgain(unified, style, `known.${unified.id}`),
      `if (!set) return${given(again ? again.known : 'known', false)}${end}`,
      `const values = set === ${quote}row${quote} ? row : set${end}`,
      `const updated = ${form.update}${end}`,
      '// Nothing was updated: somebody has removed the row meanwhile.',
      `if (updated) return${given(again ? again.updated : 'updated', false)}${end}`,
    ], unit),
    '}',
    'try {',
    ...indented([`${inserted}${form.insert}${end}`, `return${given(again ? again.inserted : 'inserted', true)}${end}`], unit),
    '} catch (error) {',
    ...indented(['// Somebody else was faster: one of the keys finds the row now.', `if (${isOther(form.violation)} || round === ${ROUNDS}) throw error${end}`], unit),
    '}',
  ];
}

// ----------------------------------------------------------------------------------------------------------------- calls

/** `upsertUser(supabase, { … }, [{ by: 'fid', set: profile }])`; lines below the first are indented relative to the line it stands on. */
export function callText(name: string, place: Place, chain: readonly Step[], keys: readonly NamedKey[]): string {
  const { file, parts, context: { forms } } = place;
  const { quote, unit } = forms;
  const own = (node: Parameters<FormContext['text']>[0]): string => {
    const at = node.type === 'ObjectExpression' || node.type === 'CallExpression' ? node : undefined;
    return at ? reindent(file.slice(node), indentAt(file.text, node.range[0]), '') : file.slice(node);
  };
  const entries = chain.map(({ key, set }) => {
    const named = `by: ${quote}${keys.find((one) => one.key === key)!.name}${quote}`;
    return set === 'nothing' ? `{ ${named} }` : `{ ${named}, set: ${set === 'row' ? `${quote}row${quote}` : own(set)} }`;
  });
  const start = `${name}(${own(parts.handle)}, ${own(parts.values)}, [`;
  const isShort = entries.length === 1 || (entries.join(', ').length + start.length < 110 && !entries.join().includes('\n'));
  return isShort ? `${start}${entries.join(', ')}])` : `${start}\n${entries.map((one) => `${unit}${one.replaceAll('\n', `\n${unit}`)},`).join('\n')}\n])`;
}
