/** Single keys from a terminal. */
import { emitKeypressEvents } from 'node:readline';

/** What is asked of stdin. */
export interface Input extends NodeJS.ReadableStream {
  readonly isTTY?: boolean | undefined;
  setRawMode?(mode: boolean): unknown;
}

interface Keypress { readonly sequence?: string; readonly name?: string; readonly ctrl?: boolean }

/** Takes the terminal out of its line mode until `close`; also when the process is told to end, the terminal gets its mode back. */
export class Keyboard {
  readonly #input: Input;
  /** Keys that came before anybody asked: a person types ahead. */
  readonly #typed: string[] = [];
  #waiting: ((key: string | undefined) => void) | undefined;
  #ended = false;

  constructor(input: Input) {
    this.#input = input;
    emitKeypressEvents(input);
    input.setRawMode?.(true);
    input.on('keypress', this.#onKey);
    input.on('end', this.#onEnd);
    input.on('close', this.#onEnd);
    process.on('SIGINT', this.#onSignal);
    process.on('SIGTERM', this.#onEnd);
    process.on('SIGHUP', this.#onEnd);
    input.resume();
  }

  /** The next key as it was typed (Ctrl-C is '\u0003'); undefined when no more can come. */
  next(): Promise<string | undefined> {
    const key = this.#typed.shift();
    if (key !== undefined || this.#ended) return Promise.resolve(key);
    return new Promise((done) => { this.#waiting = done; });
  }

  close(): void {
    this.#input.removeListener('keypress', this.#onKey);
    this.#input.removeListener('end', this.#onEnd);
    this.#input.removeListener('close', this.#onEnd);
    process.off('SIGINT', this.#onSignal);
    process.off('SIGTERM', this.#onEnd);
    process.off('SIGHUP', this.#onEnd);
    this.#input.setRawMode?.(false);
    this.#input.pause();
  }

  readonly #onKey = (text: string | undefined, key: Keypress): void => this.#take(key.ctrl && key.name === 'c' ? '\u0003' : text ?? key.sequence ?? '');

  /** From elsewhere: in raw mode the terminal itself sends none. */
  readonly #onSignal = (): void => this.#take('\u0003');

  readonly #onEnd = (): void => {
    this.#ended = true;
    this.#typed.length = 0;
    this.#answer(undefined);
  };

  #take(key: string): void {
    // Whoever ends it means now, whatever was typed ahead.
    if (key === '\u0003') this.#typed.length = 0;
    if (this.#waiting) this.#answer(key);
    else this.#typed.push(key);
  }

  #answer(key: string | undefined): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.(key);
  }
}
