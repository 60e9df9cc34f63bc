/** A real browser, driven through its own protocol over a pipe: nothing to install beside chromium itself. */
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable, Writable } from 'node:stream';

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'];

export const CHROMIUM = NAMES.find((name) => spawnSync(name, ['--version'], { encoding: 'utf8' }).status === 0);

export const isRequired = (process.env['DB_RACE_REQUIRE'] ?? '').split(',').includes('chromium');

type Parameters = Readonly<Record<string, unknown>>;
interface Message { readonly id?: number; readonly method?: string; readonly params?: Parameters; readonly result?: Parameters; readonly error?: { readonly message: string } }

export interface Page {
  /** The value of an expression in the page. */
  evaluate<T>(expression: string): Promise<T>;
  send(method: string, params?: Parameters): Promise<Parameters>;
  /** A key as a keyboard sends it. */
  press(key: string): Promise<void>;
  /** Everything that the page asked for, and everything that it complained of. */
  readonly requests: readonly string[];
  readonly complaints: readonly string[];
}

export interface Browser { open(url: string, setup?: (page: Page) => Promise<unknown>): Promise<Page>; close(): Promise<void> }

export async function browser(): Promise<Browser> {
  const profile = mkdtempSync(join(tmpdir(), 'db-race-chromium-'));
  const flags = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', `--user-data-dir=${profile}`, '--remote-debugging-pipe', 'about:blank'];
  const child = spawn(CHROMIUM!, flags, { stdio: ['ignore', 'ignore', 'ignore', 'pipe', 'pipe'] });
  const [input, output] = [child.stdio[3] as Writable, child.stdio[4] as Readable];
  const waiting = new Map<number, (message: Message) => void>();
  const listeners: ((message: Message, session: unknown) => void)[] = [];
  let [last, rest] = [0, ''];
  output.setEncoding('utf8');
  output.on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\0');
    rest = parts.pop()!;
    for (const part of parts) {
      const message = JSON.parse(part) as Message & { sessionId?: string };
      if (message.id !== undefined) waiting.get(message.id)?.(message);
      else for (const one of listeners) one(message, message.sessionId);
    }
  });
  const send = (method: string, params: Parameters = {}, sessionId?: string): Promise<Parameters> => new Promise((done, fail) => {
    const id = ++last;
    waiting.set(id, ({ result, error }) => { waiting.delete(id); if (error) fail(new Error(`${method}: ${error.message}`)); else done(result ?? {}); });
    input.write(`${JSON.stringify({ id, method, params, ...(sessionId && { sessionId }) })}\0`);
  });
  return {
    async open(url, setup) {
      const { targetId } = await send('Target.createTarget', { url: 'about:blank' });
      const sessionId = (await send('Target.attachToTarget', { targetId, flatten: true }))['sessionId'] as string;
      const [requests, complaints]: [string[], string[]] = [[], []];
      const loaded = new Promise<void>((done) => {
        listeners.push(({ method, params = {} }, session) => {
          if (session !== sessionId) return;
          if (method === 'Network.requestWillBeSent') requests.push((params['request'] as { url: string }).url);
          if (method === 'Log.entryAdded') complaints.push((params['entry'] as { text: string }).text);
          if (method === 'Runtime.exceptionThrown') complaints.push(JSON.stringify(params['exceptionDetails']));
          if (method === 'Page.loadEventFired') done();
        });
      });
      const page: Page = {
        requests, complaints,
        send: (method, params) => send(method, params, sessionId),
        async evaluate<T>(expression: string) {
          const { result, exceptionDetails } = await send('Runtime.evaluate', { expression, returnByValue: true, awaitPromise: true }, sessionId) as { result: { value: T }; exceptionDetails?: unknown };
          if (exceptionDetails) throw new Error(`${expression}: ${JSON.stringify(exceptionDetails)}`);
          return result.value;
        },
        async press(key) {
          const text = key.length === 1 ? { text: key } : {};
          await send('Input.dispatchKeyEvent', { type: 'keyDown', key, ...text }, sessionId);
          await send('Input.dispatchKeyEvent', { type: 'keyUp', key }, sessionId);
        },
      };
      for (const domain of ['Network', 'Log', 'Runtime', 'Page']) await page.send(`${domain}.enable`);
      await setup?.(page);
      await page.send('Page.navigate', { url });
      await loaded;
      return page;
    },
    async close() {
      const ended = new Promise((done) => { child.once('exit', done); });
      await send('Browser.close').catch(() => child.kill());
      await ended;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}
