/**
 * Values as hash-consed terms: the same value is the same object, so `===` answers "is this surely the same value".
 *
 * The trace evaluates code to these terms, clients read them from arguments, rules compare them. A term says where a value
 * comes from, not what it is. Two relations are kept apart from the first day:
 * - *lineage*: the value is (a part of) what a read returned: `member`, `element`, `filtered` over a `result`;
 * - *dependence*: the value was influenced by a read, through any expression, call or condition (`sources`).
 */
import type { TSESTree } from '@typescript-eslint/types';
import type { Operation } from '../model.ts';
import type { Formula } from './formula.ts';

export type Node = TSESTree.Node;
export type Primitive = string | number | boolean | bigint | null | undefined;

interface Term {
  /** Equal ids are equal values, within one `Terms`. */
  readonly id: number;
}

/** A value written in the source. */
export interface LiteralValue extends Term { readonly kind: 'literal'; readonly value: Primitive }
/** An input of the function that is walked: a parameter, `this`, a global, an import that was not followed. */
export interface InputValue extends Term { readonly kind: 'input'; readonly name: string; readonly node: Node }
/** The result of something not understood; `parts` are the values that went in (for dependence). */
export interface UnknownValue extends Term { readonly kind: 'unknown'; readonly node: Node; readonly parts: readonly Value[] }
/** `object.key`; array positions are keys '0', '1' …. */
export interface MemberValue extends Term { readonly kind: 'member'; readonly object: Value; readonly key: string }
/** Any one element of a collection: what `for … of`, `map` and `forEach` bind, the same term each time. */
export interface ElementValue extends Term { readonly kind: 'element'; readonly of: Value }
/** A pure expression: operators ('+', '!', 'typeof'), 'template', and calls of known pure functions ('call:trim', 'call:Number'). */
export interface ExpressionValue extends Term { readonly kind: 'expression'; readonly operator: string; readonly operands: readonly Value[] }
/** An object under construction; its fields live in the trace's heap and are read through `ClientContext.entries`. */
export interface ObjectValue extends Term { readonly kind: 'object'; readonly node: Node; readonly of: Value | undefined }
/** An array under construction; elements in the heap, read through `ClientContext.elements`. */
export interface ArrayValue extends Term { readonly kind: 'array'; readonly node: Node }
/** What an executed operation resolves to; `operation.result` says how code gets at rows, counts and errors. */
export interface ResultValue extends Term { readonly kind: 'result'; readonly operation: Operation }
/** The elements of `of` for which `where` holds (over `element(of)`): `filter`, `find`, `some`; sets and maps built from rows. */
export interface FilteredValue extends Term { readonly kind: 'filtered'; readonly of: Value; readonly where: Formula }
/** One of several values, by condition; the conditions are exclusive and tried in order. `outcomes` counts the values with choices among the arms spelled out. */
export interface ChoiceValue extends Term { readonly kind: 'choice'; readonly outcomes: number; readonly arms: readonly { readonly when: Formula; readonly value: Value }[] }
/** A function or method whose body can be found; `scope` is the trace's, opaque to others. */
export interface FunctionValue extends Term { readonly kind: 'function'; readonly node: Node; readonly scope: unknown; readonly self: Value | undefined }
/** A class whose body can be found. */
export interface ClassValue extends Term { readonly kind: 'class'; readonly node: TSESTree.ClassDeclaration | TSESTree.ClassExpression; readonly scope: unknown; readonly name: string }
/** A database handle (client, model, repository, builder, transaction …); `data` belongs to the client that made it. */
export interface HandleValue extends Term { readonly kind: 'handle'; readonly client: string; readonly type: string; readonly data: Readonly<Record<string, unknown>> }
/** What a `catch` clause (or `.catch`, `onrejected`) of `region` receives. */
export interface CaughtValue extends Term { readonly kind: 'caught'; readonly region: number }

export type Value =
  | LiteralValue | InputValue | UnknownValue | MemberValue | ElementValue | ExpressionValue | ObjectValue | ArrayValue | ResultValue
  | FilteredValue | ChoiceValue | FunctionValue | ClassValue | HandleValue | CaughtValue;

/** Choices with more arms than this are cut to an unknown value: no real predicate needs them, and joins would grow them without end. */
const MAX_ARMS = 8;
const MAX_OUTCOMES = 200;

/** Makes and interns terms. One instance for one analysed root. */
export class Terms {
  #next = 1;
  #interned = new Map<string, Value>();
  #sources = new Map<Value, ReadonlySet<Operation>>();
  readonly undefined: LiteralValue = this.literal(undefined);
  readonly null: LiteralValue = this.literal(null);
  readonly true: LiteralValue = this.literal(true);
  readonly false: LiteralValue = this.literal(false);

  #intern<T extends Value>(key: string, make: (id: number) => T): T {
    const found = this.#interned.get(key);
    if (found) return found as T;
    const made = make(this.#next++);
    this.#interned.set(key, made);
    return made;
  }

  literal(value: Primitive): LiteralValue {
    return this.#intern(`l${typeof value}:${String(value)}`, (id) => ({ kind: 'literal', id, value }));
  }
  /** Inputs are the same value when they are the same variable or member root: `key` decides. */
  input(name: string, node: Node, key: string = `${name}@${node.range[0]}`): InputValue {
    return this.#intern(`i${key}`, (id) => ({ kind: 'input', id, name, node }));
  }
  /** A name that nothing in its file declares. */
  global(name: string, node: Node): InputValue { return this.input(name, node, `global:${name}`); }
  unknown(node: Node, parts: readonly Value[] = []): UnknownValue {
    return { kind: 'unknown', id: this.#next++, node, parts };
  }
  member(object: Value, key: string): MemberValue {
    return this.#intern(`m${object.id}.${key}`, (id) => ({ kind: 'member', id, object, key }));
  }
  element(of: Value): ElementValue {
    return this.#intern(`e${of.id}`, (id) => ({ kind: 'element', id, of }));
  }
  expression(operator: string, operands: readonly Value[]): ExpressionValue {
    return this.#intern(`x${operator}(${operands.map((one) => one.id).join()})`, (id) => ({ kind: 'expression', id, operator, operands }));
  }
  object(node: Node, of?: Value): ObjectValue {
    return { kind: 'object', id: this.#next++, node, of };
  }
  array(node: Node): ArrayValue {
    return { kind: 'array', id: this.#next++, node };
  }
  result(operation: Operation): ResultValue {
    return this.#intern(`r${operation.id}`, (id) => ({ kind: 'result', id, operation }));
  }
  filtered(of: Value, where: Formula): FilteredValue {
    return this.#intern(`f${of.id}?${where.id}`, (id) => ({ kind: 'filtered', id, of, where }));
  }
  choice(arms: ChoiceValue['arms'], node: Node): Value {
    const kept = arms.filter((arm) => arm.when.kind !== 'false');
    const first = kept[0];
    if (!first) return this.unknown(node);
    if (kept.every((arm) => arm.value === first.value)) return first.value;
    // Choices share arms: spelled out, one of choices of choices may be exponentially larger than it looks.
    const outcomes = kept.reduce((sum, arm) => sum + this.#outcomesOf(arm.value), 0);
    if (kept.length > MAX_ARMS || outcomes > MAX_OUTCOMES) return this.unknown(node, kept.map((arm) => arm.value));
    return this.#intern(`c${kept.map((arm) => `${arm.when.id}:${arm.value.id}`).join()}`, (id) => ({ kind: 'choice', id, outcomes, arms: kept }));
  }
  #outcomesOf(value: Value): number { return value.kind === 'choice' ? value.outcomes : 1; }
  function(node: Node, scope: unknown, self?: Value): FunctionValue {
    return { kind: 'function', id: this.#next++, node, scope, self };
  }
  class(node: ClassValue['node'], scope: unknown, name: string): ClassValue {
    return { kind: 'class', id: this.#next++, node, scope, name };
  }
  handle(client: string, type: string, data: Readonly<Record<string, unknown>> = {}): HandleValue {
    return { kind: 'handle', id: this.#next++, client, type, data };
  }
  caught(region: number): CaughtValue {
    return this.#intern(`t${region}`, (id) => ({ kind: 'caught', id, region }));
  }

  /** Dependence: every operation whose result influenced `value`, the conditions of choices included. */
  sources(value: Value): ReadonlySet<Operation> {
    const known = this.#sources.get(value);
    if (known) return known;
    const found = new Set<Operation>();
    this.#sources.set(value, found);
    const add = (part: Value) => { for (const operation of this.sources(part)) found.add(operation); };
    switch (value.kind) {
      case 'result': found.add(value.operation); break;
      case 'member': add(value.object); break;
      case 'element': add(value.of); break;
      case 'filtered': add(value.of); for (const one of formulaValues(value.where)) add(one); break;
      case 'expression': value.operands.forEach(add); break;
      case 'unknown': value.parts.forEach(add); break;
      case 'object': if (value.of) add(value.of); break;
      case 'choice': for (const arm of value.arms) { add(arm.value); for (const one of formulaValues(arm.when)) add(one); } break;
      default:
    }
    return found;
  }
}

/** The operation that `value` is (a part of) the result of, or undefined: lineage, not dependence. */
export function lineage(value: Value): Operation | undefined {
  for (let at: Value = value; ;) {
    if (at.kind === 'result') return at.operation;
    if (at.kind === 'member') at = at.object;
    else if (at.kind === 'element' || at.kind === 'filtered') at = at.of;
    else return undefined;
  }
}

/** The keys from the root term to `value`: `row.user.id` → ['user', 'id'] over its root; elements and filters leave no key. */
export function path(value: Value): { root: Value; keys: readonly string[] } {
  const keys: string[] = [];
  for (let at: Value = value; ;) {
    if (at.kind === 'member') { keys.unshift(at.key); at = at.object; }
    else if (at.kind === 'element' || at.kind === 'filtered') at = at.of;
    else return { root: at, keys };
  }
}

/** Asked again and again for the same conditions, of which those of a function's end are long. */
const spokenOf = new WeakMap<Formula, readonly Value[]>();

/** Every value that an atom of `formula` speaks of, each once. */
export function formulaValues(formula: Formula): readonly Value[] {
  switch (formula.kind) {
    case 'not': return formulaValues(formula.of);
    case 'and': case 'or': {
      const known = spokenOf.get(formula);
      if (known) return known;
      const found = new Set<Value>();
      for (const part of formula.parts) for (const value of formulaValues(part)) found.add(value);
      const made = [...found];
      spokenOf.set(formula, made);
      return made;
    }
    case 'exists': case 'truthy': case 'nullish': return [formula.of];
    case 'compare': return [formula.left, formula.right];
    default: return [];
  }
}

const within = new WeakMap<Value, ReadonlySet<Value>>();

/** Whether `part` is `value` or stands somewhere in it, the conditions of filters and choices included. */
export function mentions(value: Value, part: Value): boolean {
  for (let at = value; ;) {
    if (at === part) return true;
    switch (at.kind) {
      case 'member': at = at.object; continue;
      case 'element': at = at.of; continue;
      case 'filtered': case 'expression': case 'unknown': case 'choice': return partsWithin(at).has(part);
      default: return false;
    }
  }
}

/** Everything that stands in `value`, itself included. Terms share their parts: each is looked at once. */
function partsWithin(value: Value): ReadonlySet<Value> {
  const known = within.get(value);
  if (known) return known;
  const found = new Set<Value>();
  const pending: Value[] = [value];
  for (let at = pending.pop(); at; at = pending.pop()) {
    if (found.has(at)) continue;
    found.add(at);
    switch (at.kind) {
      case 'member': pending.push(at.object); break;
      case 'element': pending.push(at.of); break;
      case 'filtered': pending.push(at.of, ...formulaValues(at.where)); break;
      case 'expression': pending.push(...at.operands); break;
      case 'unknown': pending.push(...at.parts); break;
      case 'choice': for (const arm of at.arms) pending.push(arm.value, ...formulaValues(arm.when)); break;
      default:
    }
  }
  within.set(value, found);
  return found;
}
