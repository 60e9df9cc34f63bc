import { describe, expect, it } from 'vitest';
import type { Node, Operation } from '../../model.ts';
import { eachNode, keyName } from '../../source/syntax.ts';
import type { FormContext, ViolationRequest } from '../forms.ts';
import { forms } from './forms.ts';
import { tracesOf } from './source.test.help.ts';

function traced(body: string, typescript = true) {
  const [trace] = tracesOf(`const User = require('./models/user'); exports.run = async (email, id, name, nick) => { ${body} };`, { path: typescript ? 'case.ts' : 'case.js' });
  const { file, operations } = trace!;
  const context: FormContext = {
    dialect: undefined, version: () => 9, text: (node) => file.slice(node), quote: "'", typescript, unit: '  ', indent: () => '',
    edited: (node, edits) => [...edits].sort((x, y) => y.start - x.start).reduce((all, one) => all.slice(0, one.start - node.range[0]) + one.text + all.slice(one.end - node.range[0]), file.slice(node)),
    imported: () => undefined, importing: () => undefined, fresh: (name) => name, usedAfter: () => false,
  };
  return { operations, context };
}

function findProperty(root: Node, name: string): Node | undefined {
  let found: Node | undefined;
  eachNode(root, (node) => { if (node.type === 'Property' && keyName(node.key, node.computed) === name) found = node.value; });
  return found;
}

const keyOf = (operation: Operation) => operation.table.table!.keys.find((one) => one.columns.join() === 'email')!;

describe('the violation of one key', () => {
  const test = (body: string, others: ViolationRequest['others'] = [], typescript = true) => {
    const { operations, context } = traced(body, typescript);
    const insert = operations.at(-1)!;
    const form = forms.violation!({ write: insert, table: insert.table.table!, key: keyOf(insert), others, error: 'error' }, context);
    return 'reason' in form ? form.id : form.test;
  };
  it('is told by its code, and by the index\'s fields where there are other keys', () => {
    expect(test('await User.create({ email });')).toBe('(error as { code?: unknown }).code === 11000');
    expect(test('await User.create({ email });', [], false)).toBe('error.code === 11000');
    expect(test('await User.create({ email });', 'unknown', false)).toBe("error.code === 11000 && Object.keys(error.keyPattern ?? {}).join() === 'email'");
    expect(test('await User.create({ email });', 'unknown')).toBe("(error as { code?: unknown }).code === 11000 && Object.keys((error as { keyPattern?: object }).keyPattern ?? {}).join() === 'email'");
  });
  it('is no answer where the variable would go on holding another document, or several are written', () => {
    expect(test('const user = new User({ email }); await user.save();')).toBe('shape');
    expect(test('await User.insertMany([{ email }]);')).toBe('several-rows');
    expect(test('await User.create([{ email }, { email: name }]);')).toBe('several-rows');
  });
  it('asks for the index itself', () => {
    const { operations, context } = traced('await User.create({ email });');
    const insert = operations[0]!;
    expect(forms.violation!({ write: insert, table: insert.table.table!, key: keyOf(insert), others: [], error: 'error' }, context)).toMatchObject({ requires: [{ id: 'index-built', state: 'unknown' }] });
  });
});

describe('what stands behind a failed insert', () => {
  const surely = (text: string) => { const { operations, context } = traced(`await ${text};`); return forms.surely!(operations[0]!, context); };
  it('is the same query, which throws where nothing is found', () => {
    expect(surely('User.findOne({ email })')).toBe('User.findOne({ email }).orFail()');
    expect(surely('User.findOne({ email }).exec()')).toBe('User.findOne({ email }).orFail().exec()');
    expect(surely('User.findOne({ email }).orFail()')).toBe('User.findOne({ email }).orFail()');
    expect(surely("User.findOne().where('email').equals(email)")).toBe("User.findOne().where('email').equals(email).orFail()");
  });
  it('is nothing where the query gives back something else than the insert', () => {
    for (const text of ['User.findOne({ email }).lean()', 'User.exists({ email })', "User.findOne({ email }, 'name')", "User.findOne({ email }).populate('team')", 'User.find({ email })']) expect(surely(text), text).toBeUndefined();
  });
  it('is the update, by the key', () => {
    const update = (text: string, wants: 'row' | 'nothing' = 'nothing') => {
      const { operations, context } = traced(`const user = await User.findOne({ email }); await ${text};`);
      return forms.updateByKey!(operations[1]!, { key: keyOf(operations[1]!), table: operations[1]!.table.table!, keyText: new Map([['email', 'email']]), wants }, context);
    };
    expect(update('User.updateOne({ _id: user._id }, { name })')).toBe('User.updateOne({ email }, { name })');
    expect(update('User.findByIdAndUpdate(user._id, { name }, { new: true })', 'row')).toBe('User.findOneAndUpdate({ email }, { name }, { new: true })');
    expect(update('User.findByIdAndUpdate(user._id, { name })', 'row')).toBeUndefined();
    expect(update('User.updateOne({ _id: user._id }, { name })', 'row')).toBeUndefined();
    expect(update('user.save()')).toBeUndefined();
    expect(update('User.updateMany({ _id: user._id }, { name })')).toBeUndefined();
  });
});

describe('a write with its condition in the filter', () => {
  type Asked = Partial<Pick<import('../forms.ts').GuardedWriteRequest, 'guards' | 'asksMiss' | 'wants' | 'into'>>;
  const request = (text: string, sum: { readonly operator: '+' | '-' | '*'; readonly text: string; readonly in: string } | undefined, asked: Asked, read = 'User.findOne({ email })') => {
    const { operations, context } = traced(`const user = await ${read}; ${text}`);
    const write = operations[1]!;
    const property = sum && findProperty(write.node, sum.in);
    const sums = sum ? [{ column: sum.in, operator: sum.operator, text: sum.text, value: property }] : [];
    const table = { ...write.table.table!, sideEffects: [] };
    const form = forms.guardedWrite!({ write, read: operations[0]!, table, key: keyOf(operations[0]!), keyText: new Map(), guards: [], sums, asksMiss: false, wants: 'nothing', into: undefined, entity: undefined, ...asked } as never, context);
    return 'reason' in form ? form.id : form.miss ? `${form.call} | ${form.miss.pattern} | ${form.miss.test}` : form.call;
  };
  const guard = { guards: [{ column: 'name', operator: '=' as const, texts: ["'new'"] }], asksMiss: true };
  it('asks once more, and tells a miss by the number that was matched', () => {
    expect(request("await User.updateOne({ _id: id }, { name: 'used' });", undefined, guard)).toBe("User.updateOne({ _id: id, name: 'new' }, { name: 'used' }) | result | result.matchedCount === 0");
    expect(request("await User.deleteOne({ _id: id }).exec();", undefined, guard)).toBe("User.deleteOne({ _id: id, name: 'new' }).exec() | result | result.deletedCount === 0");
    expect(request("await User.findByIdAndUpdate(id, { name: 'used' }, { new: true });", undefined, guard)).toBe("User.findOneAndUpdate({ _id: id, name: 'new' }, { name: 'used' }, { new: true }) | updated | !updated");
  });
  it('joins what is asked of one field', () => {
    const both = { guards: [{ column: 'hits', operator: '>=' as const, texts: ['1'] }, { column: 'hits', operator: '<' as const, texts: ['9'] }] };
    expect(request('await User.updateOne({ _id: id }, { name });', undefined, both)).toBe('User.updateOne({ _id: id, hits: { $gte: 1, $lt: 9 } }, { name })');
    expect(request('await User.updateOne({ _id: id, name: nick }, { name });', undefined, guard)).toBe('guard');
    expect(request('await User.updateOne(id, { name });', undefined, guard)).toBe('argument');
  });
  it('lets the database add', () => {
    const sum = (operator: '+' | '-' | '*', text: string) => ({ operator, text, in: 'hits' });
    expect(request('await User.updateOne({ _id: id }, { hits: user.hits + 1 });', sum('+', '1'), {})).toBe('User.updateOne({ _id: id }, { $inc: { hits: 1 } })');
    expect(request('await User.updateOne({ _id: id }, { name, hits: user.hits - nick });', sum('-', 'nick'), {})).toBe('User.updateOne({ _id: id }, { $set: { name }, $inc: { hits: -nick } })');
    expect(request('await User.updateOne({ _id: id }, { $set: { hits: user.hits * 2 }, $push: { a: 1 } });', sum('*', '2'), {})).toBe('User.updateOne({ _id: id }, { $mul: { hits: 2 }, $push: { a: 1 } })');
    expect(request('await User.updateOne({ _id: id }, { $set: { hits: user.hits + 1 }, $inc: { a: 1 } });', sum('+', '1'), {})).toBe('argument');
  });
  it('is none where validators or hooks look at the values, or a document is saved', () => {
    expect(request('await User.updateOne({ _id: id }, { name }, { runValidators: true });', undefined, guard)).toBe('argument');
    expect(request('user.name = name; await user.save();', undefined, guard)).toBe('no-form');
    const { operations, context } = traced('const user = await User.findOne({ email }); await User.updateOne({ _id: id }, { name });');
    const table = { ...operations[1]!.table.table!, sideEffects: ["the hook pre('updateOne')"] };
    expect(forms.guardedWrite!({ write: operations[1]!, read: operations[0]!, table, key: keyOf(operations[1]!), keyText: new Map(), sums: [], wants: 'nothing', into: undefined, entity: undefined, ...guard } as never, context)).toMatchObject({ id: 'side-effects' });
  });
});
