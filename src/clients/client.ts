/**
 * What a library has to say about itself. One file or folder per library implements `Client`; nothing else in the project
 * names a library. A client knows no rule, no host and no other client.
 */
import type { Catalogue, Dialect, SchemaPart } from '../schema/model.ts';
import type { Isolation, Node, OperationSpec, Transaction, Value } from '../model.ts';
import type { DeclaredType } from '../source/types.ts';
import type { HandleValue, Primitive, Terms } from '../value/terms.ts';

export type { DeclaredType };

/** One property of an object under construction, in source order; a later entry of the same key wins. */
export type ObjectEntry =
  | { readonly kind: 'property'; readonly key: string; readonly value: Value; readonly node: Node; readonly conditional: boolean }
  /** A spread of an object whose properties are not known. */
  | { readonly kind: 'spread'; readonly value: Value; readonly node: Node; readonly conditional: boolean };

export type ArrayEntry = { readonly value: Value; readonly node: Node; readonly spread: boolean };

/** What a client may ask while it looks at one call. */
export interface ClientContext {
  readonly terms: Terms;
  readonly catalogue: Catalogue;
  /** From settings, else the catalogue's. */
  readonly dialect: Dialect | undefined;
  /** Installed major version of a package as the project's package.json declares it, undefined when unknown. */
  version(packageName: string): number | undefined;
  /** Properties of an object literal, instance or known spread; undefined when `value` is no such object. */
  entries(value: Value): readonly ObjectEntry[] | undefined;
  /** The last unconditional value of a property of `value`, looked up in known objects, else `member(value, key)`. */
  property(value: Value, key: string): Value;
  /** Elements of an array literal; undefined when not known one by one. */
  elements(value: Value): readonly ArrayEntry[] | undefined;
  /** For `rows.map(fn)` and the like: what one element of the collection is, when its construction was seen; else `element(value)`. */
  element(value: Value): Value;
  literal(value: Value): { readonly value: Primitive } | undefined;
  /** The result of a pure callback (`(t, { eq }) => eq(t.id, id)`), or undefined when `value` is no known function. */
  callback(value: Value, args: readonly Value[]): Value | undefined;
  /** The class that `value` is, or is an instance of: its name, its superclass as declared, its decorators' names. */
  classOf(value: Value): ClassFacts | undefined;
  /** The source text of a node in the file that it belongs to. */
  text(node: Node): string;
  /** Starts a transaction value; the trace opens and closes it around what runs on its handle. */
  transaction(node: Node, isolation: Isolation, form: Transaction['form'], parent: Transaction | undefined): Transaction;
}

export interface ClassFacts {
  readonly name: string;
  readonly superclass: DeclaredType | undefined;
  readonly decorators: readonly string[];
  /** True: `value` is the class itself, not an instance. */
  readonly isStatic: boolean;
}

/** A call as a client sees it. */
export interface Call {
  /** What the method is called on: a handle of this client, an instance or class it claims, or (for `shape`) anything. */
  readonly receiver: Value;
  /** '' when the handle itself is called: `drizzle(pool)`, `Model(...)`. */
  readonly method: string;
  readonly args: readonly Value[];
  readonly argNodes: readonly Node[];
  /** Type arguments as written: `getRepository<User>()`. */
  readonly typeArgs: readonly DeclaredType[];
  readonly node: Node;
  /** The receiver as written (`this.users`), for labels. */
  readonly receiverText: string;
  readonly isNew: boolean;
}

/** What a call (or member access) means. */
export type Meaning =
  /** A handle: a model, a repository, a builder one step further. `pending` runs when the handle is awaited (lazy builders). */
  | { readonly kind: 'handle'; readonly handle: HandleValue; readonly pending?: OperationSpec }
  /** Runs now (promise already started), unless `lazy`: then at the await, and never when nobody awaits it. */
  | { readonly kind: 'operation'; readonly operation: OperationSpec; readonly lazy: boolean }
  /** Several statements of one call, in order; the last one's result is the call's (nested writes, `findOrCreate`). */
  | { readonly kind: 'operations'; readonly operations: readonly OperationSpec[]; readonly lazy: boolean }
  /** A callback that runs inside a transaction; `args` are what it receives. The call resolves to its result. */
  | { readonly kind: 'transaction'; readonly transaction: Transaction; readonly body: Value; readonly args: readonly Value[] }
  /** Lazy operations that run in order as one transaction; resolves to the array of their results. */
  | { readonly kind: 'batch'; readonly transaction: Transaction; readonly elements: Value }
  /** Manual transaction control on `handle`. */
  | { readonly kind: 'begin'; readonly transaction: Transaction; readonly handle: HandleValue }
  | { readonly kind: 'end'; readonly handle: HandleValue; readonly how: 'commit' | 'rollback' }
  /** No I/O: `repo.create(values)`, `repo.merge(…)`. `mutates` lists fields that an argument receives. */
  | { readonly kind: 'value'; readonly value: Value }
  /** An object with known fields (`repo.create({...})`): the trace makes an instance of `of` with the fields of `from`. */
  | { readonly kind: 'instance'; readonly from: Value | undefined; readonly of: Value | undefined; readonly node: Node };

/** The words whose absence proves that a file has nothing for this client. Lower case is not assumed. */
export interface ClientWords {
  /** Method names that read or write, as they appear before `(` or `<`. */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
}

/** A schema that a client declares in files of its own. */
export interface SchemaSource {
  /** File names or suffixes to look for: `schema.prisma`, `.entity.ts`. */
  matches(path: string): boolean;
  /** Never throws: what cannot be read is listed in `unread`. `imports` resolves other files of the same project. */
  read(files: readonly { readonly path: string; readonly text: string }[]): SchemaPart[];
}

export interface Client {
  /** Stable id: `prisma`. */
  readonly id: string;
  /** As people write it: Prisma. */
  readonly name: string;
  /** Packages whose import shows that a file, or a module it imports, uses this client. */
  readonly packages: readonly string[];
  readonly words: ClientWords;
  readonly schema?: SchemaSource;

  /** What an imported binding is; `name` is 'default' or '*' for those imports. */
  imported?(source: string, name: string, context: ClientContext): Value | undefined;
  /** What a variable, parameter or field declared with this type holds. */
  declared?(type: DeclaredType, context: ClientContext): Value | undefined;
  /** What a parameter or property with this decorator holds (`@InjectRepository(User)`). */
  decorated?(decorator: { readonly name: string; readonly from: string | undefined; readonly args: readonly Value[] }, type: DeclaredType | undefined, context: ClientContext): Value | undefined;
  /** A property of one of its handles. */
  member?(handle: HandleValue, key: string, context: ClientContext): Value | undefined;
  /** Whether method calls on this class or its instances are the client's (Active Record, documents). */
  claims?(facts: ClassFacts): boolean;
  /** A call on one of its handles, on a class or instance that it claims, or on a row that it returned. */
  call(call: Call, context: ClientContext): Meaning | undefined;
  /** Method names that `shape` wants to be asked about, for receivers that nobody recognised. */
  readonly shapeMethods?: ReadonlySet<string>;
  /** Recognition by the shape of call and arguments alone. Must find more than a method name. */
  shape?(call: Call, context: ClientContext): Meaning | undefined;
}
