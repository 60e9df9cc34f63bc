/**
 * What a library has to say about itself. One file or folder per library implements `Client`; nothing else in the project
 * names a library. A client knows no rule, no host and no other client.
 */
import type { Catalogue, Dialect, SchemaPart } from '../schema/model.ts';
import type { Isolation, Node, OperationSpec, Transaction, Value } from '../model.ts';
import type { DeclaredType } from '../source/types.ts';
import type { Formula } from '../value/formula.ts';
import type { HandleValue, Primitive, Terms } from '../value/terms.ts';
import type { Forms } from './forms.ts';

export type { DeclaredType };

/** One property of an object under construction, in source order; a later entry of the same key wins. */
export type ObjectEntry =
  | {
    readonly kind: 'property'; readonly key: string; readonly value: Value; readonly node: Node; readonly conditional: boolean;
    /** Of a property that one branch alone set: when, and to what. */
    readonly only?: { readonly when: Formula; readonly value: Value };
  }
  /** A spread of an object whose properties are not known. */
  | { readonly kind: 'spread'; readonly value: Value; readonly node: Node; readonly conditional: boolean };

export type ArrayEntry = { readonly value: Value; readonly node: Node; readonly spread: boolean };

/** What goes on on one connection; shared by all handles of it, because `BEGIN` concerns handles that exist already. */
export interface Session { transaction: Transaction | undefined }

/** What a client may ask while it looks at one call. */
export interface ClientContext {
  readonly terms: Terms;
  readonly catalogue: Catalogue;
  /** From settings, else the catalogue's. */
  readonly dialect: Dialect | undefined;
  /** Installed major (or minor) version of a package as the project's package.json declares it, undefined when unknown. */
  version(packageName: string, part?: 'minor'): number | undefined;
  /** Those of some packages that the nearest package.json lists which lists any of them: which driver a project has. */
  nearest(packages: readonly string[]): readonly string[];
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
  /** A builder that is changed in place, as it is now: after a callback that was given it. */
  newest(value: Value): Value;
  /** The class that `value` is, or is an instance of: its name, its superclass as declared, its decorators' names. */
  classOf(value: Value): ClassFacts | undefined;
  /** The source text of a node in the file that it belongs to. */
  text(node: Node): string;
  /** The transaction that statements of a client join here without naming it. */
  ambient(client: string): Transaction | undefined;
  /** Starts a transaction value; the trace opens and closes it around what runs on its handle. */
  transaction(node: Node, isolation: Isolation, form: Transaction['form'], parent: Transaction | undefined): Transaction;
  /** A connection on which transactions are begun and ended: what it runs is what the path that is looked at has done. */
  session(transaction?: Transaction): Session;
}

export interface ClassFacts {
  readonly name: string;
  readonly superclass: DeclaredType | undefined;
  /** The superclass of the topmost base class that the project has the body of: a library's own, when there is one. */
  readonly root: DeclaredType | undefined;
  readonly decorators: readonly string[];
  /** True: `value` is the class itself, not an instance. */
  readonly isStatic: boolean;
  /** What this class and its base classes, as far as their bodies were found, say and do themselves. */
  readonly members: ClassMembers;
}

/** Names of members, those that the class's own module assigns from outside included. */
export interface ClassMembers {
  readonly statics: ReadonlySet<string>;
  readonly instance: ReadonlySet<string>;
  /** A member's name is computed, or a decorator stands on a class: there may be others. */
  readonly more: boolean;
}

/** A function that the library calls before it writes a row: where it does not throw, the write follows. */
export interface Hook {
  /** How it is given the row that is about to be written. */
  readonly row: 'this' | 'argument';
  /** The write of `row`, as the function left it; `options` is what comes after the row, `node` where the write is reported. */
  written(row: Value, options: Value, node: Node, context: ClientContext): OperationSpec;
}

/** A method of a class that may be a hook. */
export interface HookMethod {
  readonly name: string;
  readonly isStatic: boolean;
  /** Decorators by their exported name, with the module that they come from. */
  readonly decorators: readonly { readonly name: string; readonly from: string | undefined }[];
}

/** A decorator by its exported name, with the module that it comes from. */
export interface DecoratorUse { readonly name: string; readonly from: string | undefined; readonly args: readonly Value[] }

/** What a decorator puts around the body of a method: a transaction that its statements join, and a unit of work that is written at its end. */
export interface Around { readonly transaction: Transaction; readonly unit?: UnitOfWork }

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

/**
 * What a library keeps in mind until it is told to write: rows that were made, changed and removed meanwhile. Handles that share one
 * hold the same object.
 */
export interface UnitOfWork {
  /** The row that `value`, of which code changed a part, is or lies in; undefined where it is none of this unit's. */
  row(value: Value, context: ClientContext): Value | undefined;
  /**
   * The statement that stores what was done with `row`; undefined: none. `fresh` are the fields that were set since it was last stored
   * (of a new row all), `node` is where code made, changed or removed it.
   */
  written(row: Value, how: 'insert' | 'update' | 'delete', fresh: readonly ObjectEntry[], node: Node, context: ClientContext): OperationSpec | undefined;
}

/** What a call (or member access) means. */
export type Meaning =
  /** A handle: a model, a repository, a builder one step further. `pending` runs when the handle is awaited (lazy builders). */
  | { readonly kind: 'handle'; readonly handle: HandleValue; readonly pending?: OperationSpec }
  /**
   * Runs now (promise already started), unless `lazy`: then at the await, and never when nobody awaits it. `callback` takes (error, result)
   * when it is done.
   */
  | { readonly kind: 'operation'; readonly operation: OperationSpec; readonly lazy: boolean; readonly callback?: Value }
  /** Several statements of one call, in order; the result of the last one that is not `nested` is the call's (nested writes, `findOrCreate`). */
  | { readonly kind: 'operations'; readonly operations: readonly OperationSpec[]; readonly lazy: boolean }
  /** A callback that runs inside a transaction; `args` are what it receives. The call resolves to its result. */
  | {
    readonly kind: 'transaction'; readonly transaction: Transaction; readonly body: Value; readonly args: readonly Value[];
    /** Statements of this client that name no transaction run in it, too, as long as the callback runs (AsyncLocalStorage). */
    readonly ambient?: boolean;
    /** Written before the transaction commits. */
    readonly unit?: UnitOfWork;
  }
  /** Lazy operations that run in order as one transaction; resolves to the array of their results. */
  | { readonly kind: 'batch'; readonly transaction: Transaction; readonly elements: Value }
  /** Manual transaction control on `handle`; `ambient` as above, `unit` is written before the commit. */
  | { readonly kind: 'begin'; readonly transaction: Transaction; readonly handle: HandleValue; readonly ambient?: boolean }
  | { readonly kind: 'end'; readonly handle: HandleValue; readonly how: 'commit' | 'rollback'; readonly ambient?: boolean; readonly unit?: UnitOfWork }
  /** Rows are handed to a unit of work, to be inserted or deleted when it is written (`flush`: at once); the call gives back `value`. */
  | { readonly kind: 'keep'; readonly unit: UnitOfWork; readonly how: 'insert' | 'delete'; readonly of: Value; readonly flush?: boolean; readonly value: Value }
  /** A unit of work is written: what was made, changed and removed. */
  | { readonly kind: 'flush'; readonly unit: UnitOfWork; readonly value: Value }
  /** No I/O: `repo.create(values)`, `repo.merge(…)`. `mutates` lists fields that an argument receives. */
  | { readonly kind: 'value'; readonly value: Value }
  /** Fields of `from` (or `from` itself under `key`) are set on `to`, which is what the call gives back (`row.set({ … })`, `row.set('name', x)`). */
  | { readonly kind: 'assign'; readonly to: Value; readonly from: Value; readonly key?: string }
  /** Functions that the library will call before it writes a row (`User.beforeCreate(fn)`); the call gives back `value`. */
  | { readonly kind: 'hooks'; readonly hooks: readonly (Hook & { readonly callback: Value; readonly of: Value })[]; readonly value: Value }
  /** An object with known fields (`repo.create({...})`): the trace makes an instance of `of` with the fields of `from`. */
  | {
    readonly kind: 'instance'; readonly from: Value | undefined; readonly of: Value | undefined; readonly node: Node;
    /** The instance is new in this unit of work without further ado. */
    readonly unit?: UnitOfWork;
  };

/** The words whose absence proves that a file has nothing for this client. Lower case is not assumed. */
export interface ClientWords {
  /** Method names that read or write, as they appear before `(` or `<`. */
  readonly reads: readonly string[];
  readonly writes: readonly string[];
  /** Names of hooks that a write follows (`BeforeCreate`): a file with one needs no writing word. */
  readonly hooks?: readonly string[];
  /** What a text reads or writes without any such call, as sources of regular expressions: SQL verbs in tagged templates. */
  readonly texts?: { readonly reads: string; readonly writes: string };
}

/**
 * What source text must hold for anybody to recognise this library in it: names of its packages and types, and what its shapes ask for.
 * Code without is not followed, so a pattern may match too much and must never match too little. Tested on single functions too: nothing
 * that stands elsewhere in the file belongs here.
 */
export interface ClientEvidence {
  /** Counts in every project. */
  readonly always: RegExp;
  /** Counts where the project depends on one of the packages or declares tables of this library. */
  readonly installed?: RegExp;
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
  /** Methods of its handles that lead to another handle or into a transaction (`connect`, `transaction`). */
  readonly opens?: readonly string[];
  /** Left out: a package's name in quotes, or a call of any of `shapeMethods`. */
  readonly evidence?: ClientEvidence;
  readonly schema?: SchemaSource;
  /** The atomic forms that it can write; a client without them has its races reported and never rewritten. */
  readonly forms?: Forms;

  /** What an imported binding is; `name` is 'default' or '*' for those imports. */
  imported?(source: string, name: string, context: ClientContext): Value | undefined;
  /** What a variable, parameter or field declared with this type holds. */
  declared?(type: DeclaredType, context: ClientContext): Value | undefined;
  /** What a parameter or property with this decorator holds (`@InjectRepository(User)`). */
  decorated?(decorator: DecoratorUse, type: DeclaredType | undefined, context: ClientContext): Value | undefined;
  /** What a method's decorator does around each call (`@Transactional()`); `node` is the decorated function. */
  around?(decorator: DecoratorUse, node: Node, context: ClientContext): Around | undefined;
  /** The plain connection: what an expression holds that `settings.handles` names as this library's. */
  root?(context: ClientContext): Value;
  /** A property of one of its handles. */
  member?(handle: HandleValue, key: string, context: ClientContext): Value | undefined;
  /** Whether method calls on this class or its instances are the client's (Active Record, documents). */
  claims?(facts: ClassFacts): boolean;
  /** The handle whose members the instances of a class that it claims inherit (`class Service extends Client`). */
  instance?(facts: ClassFacts, context: ClientContext): HandleValue | undefined;
  /** Whether the library calls this method of a class (whose facts are those of the class itself) before it writes a row of it. */
  hook?(method: HookMethod, facts: ClassFacts, context: ClientContext): Hook | undefined;
  /** A call on one of its handles, on a class or instance that it claims, or on a row that it returned. */
  call(call: Call, context: ClientContext): Meaning | undefined;
  /** Method names that `shape` wants to be asked about, for receivers that nobody recognised. */
  readonly shapeMethods?: ReadonlySet<string>;
  /** Recognition by the shape of call and arguments alone. Must find more than a method name. */
  shape?(call: Call, context: ClientContext): Meaning | undefined;
}
