/** Which names a text calls, told without parsing: what stands before `(`, `<` or a template. One pass, and no regular expression over the text. */

/** Answers, as a regular expression would, whether a text holds something. */
export interface TextTest { test(text: string): boolean }

const OPENERS = ['(', '<', '`'] as const;
/** Longer names are no word of any library. */
const MAX_LENGTH = 63;

/** True for `[A-Za-z0-9_]`. */
const IN_NAME = new Uint8Array(128);
for (let code = 0; code < 128; code++) if (/\w/.test(String.fromCharCode(code))) IN_NAME[code] = 1;

const isSpace = (code: number): boolean => code === 32 || (code >= 9 && code <= 13) || (code > 127 && /\s/.test(String.fromCharCode(code)));

/** A set of names, asked as `\b(?:name|…)\s*[(<`]` would be. */
export class CalledNames implements TextTest {
  readonly #names: ReadonlySet<string>;
  /** By length: the first letters that a name of it can have, each as one bit. */
  readonly #first = new Int32Array(MAX_LENGTH + 1);

  constructor(names: Iterable<string>) {
    this.#names = new Set(names);
    for (const name of this.#names) if (name.length <= MAX_LENGTH) this.#first[name.length]! |= 1 << (name.charCodeAt(0) & 31);
  }

  has(name: string): boolean { return this.#names.has(name); }

  test(text: string): boolean { return someCalled(text, this.#first, (name) => this.#names.has(name)); }
}

/** Names that start with one of `stems`, followed by a capital or an underscore: `createUser(`, `save_all(`. */
export class CalledFamilies implements TextTest {
  readonly #first = new Int32Array(MAX_LENGTH + 1);
  readonly #pattern: RegExp;

  /** @param stems of letters, digits and underscores alone */
  constructor(stems: readonly string[]) {
    this.#pattern = new RegExp(`^(?:${stems.join('|') || '(?!)'})[A-Z_]`);
    for (const stem of stems) for (let length = stem.length + 1; length <= MAX_LENGTH; length++) this.#first[length]! |= 1 << (stem.charCodeAt(0) & 31);
  }

  test(text: string): boolean { return someCalled(text, this.#first, (name) => this.#pattern.test(name)); }
}

function someCalled(text: string, first: Int32Array, isMeant: (name: string) => boolean): boolean {
  for (const opener of OPENERS) {
    for (let open = text.indexOf(opener); open >= 0; open = text.indexOf(opener, open + 1)) {
      let end = open;
      while (end > 0 && isSpace(text.charCodeAt(end - 1))) end--;
      let start = end;
      for (let code = 0; start > 0 && (code = text.charCodeAt(start - 1)) < 128 && IN_NAME[code] === 1;) start--;
      const length = end - start;
      if (length === 0 || length > MAX_LENGTH || (first[length]! & (1 << (text.charCodeAt(start) & 31))) === 0) continue;
      if (isMeant(text.slice(start, end))) return true;
    }
  }
  return false;
}
