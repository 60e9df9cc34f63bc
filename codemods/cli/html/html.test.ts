import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HEAD, race, sandbox, type Sandbox } from '../cli.test.help.ts';
import { browser, CHROMIUM, isRequired, type Browser, type Page } from './browser.test.help.ts';
import { escaped, prose } from './text.ts';

const EVIL = '<img src=x onerror="window.evil=1">';
const FILES = {
  'src/users.ts': HEAD + race('one') + race('two', 'phone'),
  'src/api/count.ts': `${HEAD}export async function bump(id: number) {\n  const user = await prisma.user.findUnique({ where: { id } });\n  await prisma.user.update({ where: { id }, data: { visits: user!.visits + 1 } });\n}\n`,
  'src/api/deep/set.ts': `${HEAD}export async function put(phone: string, emails: string[]) {\n  await prisma.user.deleteMany({ where: { phone } });\n  await prisma.user.createMany({ data: emails.map((email) => ({ email, phone })) });\n}\n`,
  [`src/${EVIL.replaceAll('/', '')}.ts`]: `${HEAD}// </script></pre>${EVIL}<script>window.evil=1</script> \u202e &amp; \u0001\n${race('three')}`,
  'src/broken.ts': `${HEAD}prisma.user.create(;`,
};

let box: Sandbox;
let page: string;
beforeAll(async () => {
  box = sandbox(FILES);
  box.write({ 'prisma/schema.prisma': box.read('prisma/schema.prisma').replace('phone String?', 'phone String?\n  visits Int') });
  const run = await box.run(['scan', '--format', 'html', '--output', 'report.html']);
  expect(run.code).toBe(2);
  page = box.read('report.html');
}, 60_000);
afterAll(() => box.remove());

interface Tag { readonly name: string; readonly attributes: ReadonlyMap<string, string> }
const VOID = new Set(['meta', 'input', 'br', 'img', 'link']);

/** Every opening tag of a page that is written strictly: attributes quoted, every element closed in turn. */
function tagsOf(text: string): Tag[] {
  const found: Tag[] = [];
  const open: string[] = [];
  const token = /<!doctype html>|<(?<close>\/)?(?<name>[a-z][a-z0-9]*)(?<attributes>(?:\s+[a-zA-Z-]+(?:="[^"<>]*")?)*)\s*>|(?<text>[^<]+)|(?<bad><)/gy;
  for (const { groups } of text.matchAll(token)) {
    const { close, name, attributes = '', bad } = groups!;
    if (bad) throw new Error(`a bare < at ${text.slice(token.lastIndex, token.lastIndex + 80)}`);
    if (!name) continue;
    if (close) { expect(open.pop()).toBe(name); continue; }
    found.push({ name, attributes: new Map([...attributes.matchAll(/([a-zA-Z-]+)(?:="([^"]*)")?/g)].map((one) => [one[1]!, one[2] ?? ''])) });
    if (!VOID.has(name)) open.push(name);
  }
  expect(open).toEqual([]);
  return found;
}

/** Style and script are no markup. */
const markup = () => page.replace(/(<(style|script)>)[\s\S]*?(<\/\2>)/g, '$1$3');

describe('scan --format html', () => {
  it('is well-formed, with ids that are unique and links that lead to them', () => {
    const tags = tagsOf(markup());
    const ids = tags.flatMap((one) => (one.attributes.has('id') ? [one.attributes.get('id')!] : []));
    expect(new Set(ids).size).toBe(ids.length);
    const links = tags.flatMap((one) => (one.name === 'a' ? [one.attributes.get('href')!] : []));
    expect(links.length).toBeGreaterThan(20);
    for (const link of links) expect(link.startsWith('#') && ids.includes(link.slice(1)), link).toBe(true);
    for (const one of tags) for (const name of ['aria-labelledby']) if (one.attributes.has(name)) expect(ids).toContain(one.attributes.get(name));
  });

  it('asks for nothing, and its policy allows its own style and script alone', () => {
    const tags = tagsOf(markup());
    expect(tags.filter((one) => ['img', 'link', 'iframe', 'object', 'embed', 'base'].includes(one.name))).toEqual([]);
    for (const { attributes } of tags) for (const [name] of attributes) expect(name).not.toMatch(/^(?:on|style$|src$|srcset$|action$|ping$)/);
    expect(page).not.toMatch(/https?:|url\(|@import/);
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(page)![1]!;
    for (const kind of ['style', 'script']) {
      const text = new RegExp(`<${kind}>([\\s\\S]*?)</${kind}>`).exec(page)![1]!;
      expect(policy).toContain(`${kind}-src 'sha256-${createHash('sha256').update(text).digest('base64')}'`);
    }
    expect(policy).toMatch(/^default-src 'none'; /);
  });

  it('holds each finding with its lanes, its code, its key, and its rewrite or what stands against one', () => {
    const found = [...page.matchAll(/<article class="finding"[\s\S]*?<\/article>/g)].map(([one]) => one);
    expect(found).toHaveLength(5);
    for (const one of found) {
      expect(one).toContain('<span class="who">Call 2</span>');
      expect(one.match(/class="step call\d harm"/g)).toHaveLength(1);
      expect(one).toMatch(/<span class="line (?:read|write|both)"/);
      expect(one).toMatch(/What the user sees<\/h4><p>[\s\S]+The key<\/h4><p>/);
    }
    expect(page).toContain('<span class="add">+  return prisma.user.upsert(');
    expect(page).toContain('CREATE UNIQUE INDEX');
    expect(page).toContain('data-severity="high"');
    expect(page).toContain('data-severity="medium"');
    expect(page).toContain('1 file could not be looked at');
    expect(page).toContain('src/broken.ts:3</code> syntax error');
  });

  it('is the same for the same findings, and says so where there are none', async () => {
    await box.run(['scan', '--format', 'html', '--output', 'again.html']);
    expect(box.read('again.html')).toBe(page);
    const { out, code } = await box.run(['scan', 'src/api', '--rule', 'no-find-then-insert', '--format', 'html']);
    expect([code, out.includes('No race found.')]).toEqual([0, true]);
    tagsOf(out.replace(/(<(style|script)>)[\s\S]*?(<\/\2>)/g, '$1$3'));
  });

  it('shows characters that turn the reading direction, or that no page may hold', () => {
    expect(escaped('a\u202eb\u0000\ud800')).toBe('a\\u202eb\\u0000\\ud800');
    expect(escaped('😀<&>"\'')).toBe('😀&lt;&amp;&gt;&quot;&#39;');
    expect(prose('`a < b` and c')).toBe('<code>a &lt; b</code> and c');
  });
});

if (!CHROMIUM && !isRequired) console.warn('The report was not opened in a browser: chromium is not installed.');

describe.skipIf(!CHROMIUM && !isRequired)('the report in a browser', () => {
  let chromium: Browser;
  let url: string;
  beforeAll(async () => {
    if (!CHROMIUM) throw new Error('DB_RACE_REQUIRE asks for chromium, which is not installed.');
    chromium = await browser();
    url = pathToFileURL(join(box.folder, 'report.html')).href;
  }, 60_000);
  afterAll(() => chromium?.close(), 60_000);

  const visible = (opened: Page) => opened.evaluate<string[]>('[...document.querySelectorAll(".finding")].filter((one) => one.offsetParent !== null).map((one) => one.dataset.rule)');
  const choose = (opened: Page, name: string, value: string) => opened.evaluate(`(() => { const field = document.getElementById('filters').elements['${name}']; field.value = ${JSON.stringify(value)}; field.dispatchEvent(new Event('input', { bubbles: true })); })()`);

  it('asks for itself alone, complains of nothing, and runs nothing that stood in the code', async () => {
    const opened = await chromium.open(url);
    expect(opened.requests.filter((one) => one !== url)).toEqual([]);
    expect(opened.complaints).toEqual([]);
    expect(await opened.evaluate('[window.evil === undefined, document.querySelectorAll("img").length]')).toEqual([true, 0]);
    expect(await visible(opened)).toHaveLength(5);
  });

  it('filters by rule, library, severity and directory, and searches', async () => {
    const opened = await chromium.open(url);
    await choose(opened, 'rule', 'no-read-modify-write');
    expect(await visible(opened)).toEqual(['no-read-modify-write']);
    expect(await opened.evaluate('document.getElementById("shown").textContent')).toBe('1 of 5 shown');
    await choose(opened, 'library', 'prisma');
    expect(await visible(opened)).toHaveLength(1);
    await opened.evaluate('document.getElementById("clear").click()');
    await choose(opened, 'severity', 'medium');
    expect(new Set(await visible(opened))).toEqual(new Set(['no-find-then-insert']));
    await opened.evaluate('document.getElementById("clear").click()');
    await choose(opened, 'directory', 'src/api');
    expect((await visible(opened)).sort()).toEqual(['no-delete-then-insert', 'no-read-modify-write']);
    expect(await opened.evaluate('[...document.querySelectorAll(".group")].filter((one) => !one.hidden).length')).toBe(2);
    await choose(opened, 'directory', '');
    await choose(opened, 'search', 'UPDATE visits');
    expect(await visible(opened)).toEqual(['no-read-modify-write']);
    await choose(opened, 'search', 'nothing like it');
    expect(await opened.evaluate('document.getElementById("none").offsetParent !== null')).toBe(true);
  });

  it('is used with the keyboard, and a link to a hidden finding shows it', async () => {
    const opened = await chromium.open(url, (one) => one.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-reduced-motion', value: 'reduce' }] }));
    await opened.press('j');
    await opened.press('j');
    expect(await opened.evaluate('[...document.querySelectorAll(".finding")].indexOf(document.activeElement)')).toBe(1);
    await opened.press('k');
    expect(await opened.evaluate('[...document.querySelectorAll(".finding")].indexOf(document.activeElement)')).toBe(0);
    await opened.press('/');
    for (const key of 'visits') await opened.press(key);
    expect(await opened.evaluate('document.activeElement.value')).toBe('visits');
    expect(await visible(opened)).toHaveLength(1);
    await opened.evaluate('(() => { const hidden = document.querySelector(".finding[hidden] .line.write"); location.hash = hidden.id; })()');
    await opened.evaluate('new Promise((done) => setTimeout(done, 200))');
    expect(await visible(opened)).toHaveLength(5);
    expect(await opened.evaluate('(() => { const box = document.querySelector(":target").getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight; })()')).toBe(true);
  });

  it('fits a narrow window, in the dark too', async () => {
    const opened = await chromium.open(url, (one) => one.send('Emulation.setDeviceMetricsOverride', { width: 360, height: 800, deviceScaleFactor: 1, mobile: false }));
    expect(await opened.evaluate('document.documentElement.scrollWidth <= innerWidth')).toBe(true);
    const background = 'getComputedStyle(document.body).backgroundColor';
    const light = await opened.evaluate(background);
    await opened.send('Emulation.setEmulatedMedia', { features: [{ name: 'prefers-color-scheme', value: 'dark' }] });
    expect(await opened.evaluate(background)).not.toBe(light);
  });

  it('is read without scripts: everything is shown, and no dead control', async () => {
    const opened = await chromium.open(url, (one) => one.send('Emulation.setScriptExecutionDisabled', { value: true }));
    await opened.send('Emulation.setScriptExecutionDisabled', { value: false });
    expect(await visible(opened)).toHaveLength(5);
    expect(await opened.evaluate('[...document.querySelectorAll("form, button, input, select")].every((one) => one.offsetParent === null)')).toBe(true);
  });
});
