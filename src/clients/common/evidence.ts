/** Patterns over source text for `Client.evidence`: they may match too much, and must never match too little. */

/** One of `names`, as part of an alternation. */
export const oneOf = (names: Iterable<string>): string => [...names].map((one) => one.replace(/[$()*+.?[\\\]^{|}/]/g, '\\$&')).join('|');

/** A module's name in quotes, or what lies below it: `'pg'`, `"mysql2/promise"`. */
export const quoted = (names: Iterable<string>): string => `['"\`](?:${oneOf(names)})(?:/[^'"\`\\n]*)?['"\`]`;

/** What may stand between a receiver and its method: `x!.`, `(await x).`, `x?.`, a line break. */
export const DOT = '[!?)\\]\'"]*\\s*\\??\\.\\s*';

/** What follows the name of a method that is called. */
export const CALLED = '\\s*(?:\\?\\.)?\\s*[(<`]';

/** A receiver with a capital, as classes and models have; the language's own are none. */
export const CLASS = '\\b(?!(?:Object|Promise|Array|Math|JSON|Reflect|Number|String|Symbol)\\b)[A-Z][\\w$]*';
