/** Colours and a progress bar, on a terminal only. */
import type { WriteStream } from 'node:tty';

export interface Output { write(text: string): unknown; readonly isTTY?: boolean | undefined; readonly columns?: number | undefined }

export interface Paint {
  readonly bold: (text: string) => string;
  readonly dim: (text: string) => string;
  readonly red: (text: string) => string;
  readonly green: (text: string) => string;
  readonly yellow: (text: string) => string;
  readonly cyan: (text: string) => string;
}

/** NO_COLOR (any value but '') wins over FORCE_COLOR, which wins over what the stream is; FORCE_COLOR=0 is a no. */
export function usesColour(stream: Pick<WriteStream, 'isTTY'> | Output, env: NodeJS.ProcessEnv): boolean {
  if (env['NO_COLOR']) return false;
  const forced = env['FORCE_COLOR'];
  if (forced !== undefined) return forced !== '0' && forced !== 'false';
  return stream.isTTY === true && env['TERM'] !== 'dumb';
}

export function paintFor(colour: boolean): Paint {
  const paint = (code: number) => (text: string) => (colour ? `\u001b[${code}m${text}\u001b[0m` : text);
  return { bold: paint(1), dim: paint(2), red: paint(31), green: paint(32), yellow: paint(33), cyan: paint(36) };
}

/** "1 race", "2 races". */
export const counted = (count: number, name: string, many = `${name}s`): string => `${count} ${count === 1 ? name : many}`;

/** One line that is drawn over itself; nothing where nobody looks. */
export class Progress {
  readonly #stream: Output;
  readonly #total: number;
  readonly #shown: boolean;
  #drawn = 0;
  #at = 0;

  constructor(stream: Output, total: number) {
    this.#stream = stream;
    this.#total = total;
    this.#shown = stream.isTTY === true && total > 1;
  }

  step(): void {
    this.#at++;
    if (!this.#shown) return;
    const now = Date.now();
    if (now - this.#drawn < 60) return;
    this.#drawn = now;
    const width = 24;
    const done = Math.round((this.#at / this.#total) * width);
    this.#stream.write(`\r[${'='.repeat(done)}${' '.repeat(width - done)}] ${this.#at}/${this.#total} files`);
  }

  end(): void {
    if (this.#shown && this.#drawn) this.#stream.write('\r\u001b[K');
  }
}

/** Breaks a paragraph into lines of at most `width` characters, the first after `first`, the others after `indent`. */
export function wrap(text: string, width: number, indent = ''): string {
  const lines: string[] = [];
  let line = indent;
  for (const word of text.trim().split(/\s+/)) {
    if (line.length > indent.length && line.length + 1 + word.length > width) { lines.push(line); line = indent; }
    line += (line.length > indent.length ? ' ' : '') + word;
  }
  return [...lines, line].join('\n');
}
