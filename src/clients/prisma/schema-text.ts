/**
 * The surface of the Prisma schema language: blocks, fields, attributes and their arguments, as text with lines. Knows no
 * meaning. Reads what it can of broken text and says where it could not.
 */

/** `name: value` or a bare value of an attribute, both as written. */
export interface Argument { readonly key: string | undefined; readonly value: string }
/** `@unique`, `@db.VarChar(20)`, `@@index([a, b])`: `name` without its at signs. */
export interface Attribute { readonly name: string; readonly args: readonly Argument[]; readonly line: number }
export interface Field {
  readonly name: string;
  /** `String`, `Unsupported`, a model, an enum. */
  readonly type: string;
  readonly optional: boolean;
  readonly list: boolean;
  readonly attributes: readonly Attribute[];
  readonly line: number;
}
/** `model`, `view`, `type`, `enum`, `datasource`, `generator`. */
export interface Block {
  readonly keyword: string;
  readonly name: string;
  readonly line: number;
  readonly fields: readonly Field[];
  readonly attributes: readonly Attribute[];
  /** `provider = "postgresql"` of datasources and generators, as written. */
  readonly settings: ReadonlyMap<string, string>;
}
export interface Problem { readonly line: number; readonly text: string; readonly reason: string }
export interface Blocks { readonly blocks: readonly Block[]; readonly problems: readonly Problem[] }

const KEYWORDS = new Set(['model', 'view', 'type', 'enum', 'datasource', 'generator']);

/** Comments become blanks of the same length, so that offsets and lines stay; strings stay whole. */
function withoutComments(text: string): string {
  let result = '';
  for (let at = 0; at < text.length;) {
    if (text[at] === '"') {
      const end = endOfString(text, at);
      result += text.slice(at, end);
      at = end;
    } else if (text.startsWith('//', at)) {
      let end = text.indexOf('\n', at);
      if (end < 0) end = text.length;
      result += ' '.repeat(end - at);
      at = end;
    } else if (text.startsWith('/*', at)) {
      const close = text.indexOf('*/', at + 2);
      const end = close < 0 ? text.length : close + 2;
      result += text.slice(at, end).replace(/[^\n]/g, ' ');
      at = end;
    } else result += text[at++];
  }
  return result;
}

/** The offset behind a string that starts at `start`; a string ends at its line's end when nobody closed it. */
function endOfString(text: string, start: number): number {
  for (let at = start + 1; at < text.length; at++) {
    if (text[at] === '\\') at++;
    else if (text[at] === '"') return at + 1;
    else if (text[at] === '\n') return at;
  }
  return text.length;
}

/** The offset of the bracket that closes the one at `start`, strings skipped; -1 when there is none. */
function closing(text: string, start: number): number {
  const open = text[start]!;
  const close = open === '{' ? '}' : open === '(' ? ')' : ']';
  let depth = 0;
  for (let at = start; at < text.length; at++) {
    const char = text[at];
    if (char === '"') at = endOfString(text, at) - 1;
    else if (char === open) depth++;
    else if (char === close && --depth === 0) return at;
  }
  return -1;
}

export function readBlocks(source: string): Blocks {
  const text = withoutComments(source.replace(/\r\n?/g, '\n'));
  const lineAt = lines(text);
  const blocks: Block[] = [];
  const problems: Problem[] = [];
  const header = /[ \t]*(\w+)(?:[ \t]+([\w.-]+))?\s*\{/y;
  for (let at = 0; at < text.length;) {
    if (/\s/.test(text[at]!)) { at++; continue; }
    header.lastIndex = at;
    const found = header.exec(text);
    if (!found || !KEYWORDS.has(found[1]!) || found[2] === undefined) {
      const end = text.indexOf('\n', at);
      const line = text.slice(at, end < 0 ? undefined : end).trim();
      // A block of an unknown kind is skipped as a whole.
      const close = found ? closing(text, header.lastIndex - 1) : -1;
      problems.push({ line: lineAt(at), text: line, reason: 'no block of a known kind starts here' });
      at = close >= 0 ? close + 1 : end < 0 ? text.length : end + 1;
      continue;
    }
    const open = header.lastIndex - 1;
    let close = closing(text, open);
    if (close < 0) {
      problems.push({ line: lineAt(at), text: `${found[1]} ${found[2]}`, reason: 'its closing brace is missing' });
      // The next block starts in the first column, as formatted schemas have it.
      const next = /\n(?=(?:model|view|type|enum|datasource|generator)\s+\w+\s*\{)/g;
      next.lastIndex = open;
      close = next.exec(text)?.index ?? text.length;
    }
    blocks.push(readBlock(found[1]!, found[2], text, open + 1, close, lineAt, problems));
    at = close + (text[close] === '}' ? 1 : 0);
  }
  return { blocks, problems };
}

function readBlock(keyword: string, name: string, text: string, start: number, end: number, lineAt: (offset: number) => number, problems: Problem[]): Block {
  const fields: Field[] = [];
  const attributes: Attribute[] = [];
  const settings = new Map<string, string>();
  for (const { offset, content } of statements(text, start, end)) {
    const line = lineAt(offset);
    const unreadable = (reason: string): void => { problems.push({ line, text: `${name}: ${content.replace(/\s+/g, ' ')}`, reason }); };
    const setting = keyword === 'datasource' || keyword === 'generator' ? /^(\w+)\s*=\s*([\s\S]+)$/.exec(content) : null;
    if (setting) { settings.set(setting[1]!, setting[2]!.trim()); continue; }
    if (content.startsWith('@@')) {
      const read = readAttributes(content, line);
      if (read) attributes.push(...read); else unreadable('the attribute is not understood');
      continue;
    }
    if (keyword === 'enum') {
      const value = /^([\w-]+)\s*([\s\S]*)$/.exec(content);
      if (value) fields.push({ name: value[1]!, type: '', optional: false, list: false, attributes: readAttributes(value[2]!, line) ?? [], line });
      else unreadable('no value of an enum');
      continue;
    }
    const field = /^(\w+)\s*:?\s+(Unsupported\s*\(\s*"(?:[^"\\]|\\.)*"\s*\)|\w+)\s*(\[\s*\])?\s*([?!])?\s*([\s\S]*)$/.exec(content);
    const read = field && readAttributes(field[5]!, line);
    if (!field || !read) { unreadable('the field is not understood'); continue; }
    fields.push({ name: field[1]!, type: field[2]!.startsWith('Unsupported') ? 'Unsupported' : field[2]!, list: field[3] !== undefined, optional: field[4] === '?', attributes: read, line });
  }
  return { keyword, name, line: lineAt(Math.max(0, start - 1)), fields, attributes, settings };
}

/** Lines of a block; one that ends inside brackets goes on in the next. An attribute on a line of its own belongs to the field above. */
function statements(text: string, start: number, end: number): { offset: number; content: string }[] {
  const found: { offset: number; content: string }[] = [];
  let begin = start;
  const take = (to: number): void => {
    const raw = text.slice(begin, to);
    const content = raw.trim();
    if (content) {
      const last = found.at(-1);
      if (/^@(?!@)/.test(content) && last && !last.content.startsWith('@@')) last.content += ` ${content}`;
      else found.push({ offset: begin + raw.indexOf(content[0]!), content });
    }
    begin = to + 1;
  };
  for (let at = start; at < end; at++) {
    const char = text[at];
    if (char === '"') at = Math.min(end, endOfString(text, at)) - 1;
    else if (char === '(' || char === '[' || char === '{') {
      const close = closing(text, at);
      // Nobody closes it: the line is broken, the next ones need not be.
      if (close >= 0 && close < end) at = close;
    } else if (char === '\n') take(at);
  }
  take(end);
  return found;
}

/** `@id @default(uuid()) @map("x")`; undefined when anything else stands there. */
function readAttributes(text: string, line: number): Attribute[] | undefined {
  const found: Attribute[] = [];
  const name = /\s*@{1,2}([A-Za-z_][\w.]*)\s*/y;
  for (let at = 0; text.slice(at).trim() !== '';) {
    name.lastIndex = at;
    const match = name.exec(text);
    if (!match) return undefined;
    at = name.lastIndex;
    if (text[at] !== '(') { found.push({ name: match[1]!, args: [], line }); continue; }
    const close = closing(text, at);
    if (close < 0) return undefined;
    found.push({ name: match[1]!, args: splitArguments(text.slice(at + 1, close)).map(readArgument), line });
    at = close + 1;
  }
  return found;
}

function readArgument(text: string): Argument {
  const named = /^(\w+)\s*:\s*([\s\S]*)$/.exec(text);
  return named ? { key: named[1]!, value: named[2]!.trim() } : { key: undefined, value: text };
}

/** Parts between commas that stand in no bracket and no string. */
export function splitArguments(text: string): string[] {
  const parts: string[] = [];
  let begin = 0;
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === '"') at = endOfString(text, at) - 1;
    else if (char === '(' || char === '[' || char === '{') {
      const close = closing(text, at);
      if (close >= 0) at = close;
    } else if (char === ',') { parts.push(text.slice(begin, at)); begin = at + 1; }
  }
  parts.push(text.slice(begin));
  return parts.map((one) => one.trim()).filter((one) => one !== '');
}

/** `[a, b(sort: Desc)]` → names with what stands in their brackets; undefined when it is no list of names. */
export function readNames(text: string): { name: string; options: string }[] | undefined {
  const list = /^\[([\s\S]*)\]$/.exec(text.trim());
  // `@@unique(a)` is accepted by nobody today, and was by old versions.
  const parts = list ? splitArguments(list[1]!) : [text.trim()];
  const names = parts.map((part) => /^([A-Za-z_][\w.]*)\s*(?:\(([\s\S]*)\))?$/.exec(part));
  if (names.some((one) => one === null)) return undefined;
  return names.map((one) => ({ name: one![1]!, options: one![2] ?? '' }));
}

/** The text of a string as written, undefined when it is none. */
export function readString(text: string | undefined): string | undefined {
  if (text === undefined || !/^"[\s\S]*"$/.test(text)) return undefined;
  return text.slice(1, -1).replace(/\\(["\\nrt])/g, (_, char: string) => ({ n: '\n', r: '\r', t: '\t' })[char] ?? char);
}

export function argument(attribute: Attribute, key: string, position?: number): string | undefined {
  return attribute.args.find((one) => one.key === key)?.value
    ?? (position === undefined ? undefined : attribute.args.filter((one) => one.key === undefined)[position]?.value);
}

function lines(text: string): (offset: number) => number {
  const starts = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (starts[middle]! <= offset) low = middle; else high = middle - 1;
    }
    return low + 1;
  };
}
