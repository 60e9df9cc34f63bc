/** The compiler, asked about files as they are and as they would be. It is loaded only here: it costs more than all the rest. */
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join, resolve } from 'node:path';
import type TypeScript from 'typescript';

type Compiler = typeof TypeScript;

export interface CompileError { readonly path: string; readonly code: number; readonly message: string }

export interface Group { readonly config: string; readonly paths: readonly string[] }

const NAMES = ['tsconfig.json', 'jsconfig.json'];
/** Solutions refer to projects that refer to projects; a circle ends here as well. */
const MAX_DEPTH = 8;

export class Checker {
  readonly #compilers = new Map<string, Compiler>();
  readonly #parsed = new Map<string, TypeScript.ParsedCommandLine | undefined>();

  /** The config that holds each file: the nearest one above it that lists it, or that refers to one that does. */
  async group(paths: readonly string[]): Promise<{ groups: Group[]; apart: string[] }> {
    const byConfig = new Map<string, string[]>();
    const apart: string[] = [];
    for (const path of paths) {
      const config = await this.#configOf(path);
      if (config === undefined) apart.push(path);
      else byConfig.set(config, [...byConfig.get(config) ?? [], path]);
    }
    return { groups: [...byConfig].map(([config, own]) => ({ config, paths: own })), apart };
  }

  async open(config: string): Promise<Project> {
    return new Project(await this.#compiler(config), (await this.#parse(config))!);
  }

  async #configOf(path: string): Promise<string | undefined> {
    for (let folder = dirname(path); ; folder = dirname(folder)) {
      for (const name of NAMES) {
        const config = join(folder, name);
        const found = existsSync(config) ? await this.#holding(config, path, 0) : undefined;
        if (found !== undefined) return found;
      }
      // Above a repository nothing is meant for it.
      if (dirname(folder) === folder || existsSync(join(folder, '.git'))) return undefined;
    }
  }

  async #holding(config: string, path: string, depth: number): Promise<string | undefined> {
    const parsed = await this.#parse(config);
    if (!parsed || depth > MAX_DEPTH) return undefined;
    if (parsed.fileNames.some((one) => resolve(one) === path)) return config;
    for (const { path: to } of parsed.projectReferences ?? []) {
      const found = await this.#holding(to.endsWith('.json') ? to : join(to, 'tsconfig.json'), path, depth + 1);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  async #parse(config: string): Promise<TypeScript.ParsedCommandLine | undefined> {
    if (this.#parsed.has(config)) return this.#parsed.get(config);
    const ts = await this.#compiler(config);
    const parsed = ts.getParsedCommandLineOfConfigFile(config, {}, { ...ts.sys, onUnRecoverableConfigFileDiagnostic: () => undefined });
    this.#parsed.set(config, parsed);
    return parsed;
  }

  /** The project's own, whose errors its people know; one without the API that is asked here gives way to ours. */
  async #compiler(config: string): Promise<Compiler> {
    let path: string | undefined;
    try { path = createRequire(config).resolve('typescript'); } catch { /* The project has none. */ }
    const key = path ?? '';
    let found = this.#compilers.get(key);
    if (!found) {
      const own = path === undefined ? undefined : createRequire(config)(path) as Partial<Compiler>;
      found = typeof own?.createProgram === 'function' && typeof own.getParsedCommandLineOfConfigFile === 'function' ? own as Compiler : (await import('typescript')).default;
      this.#compilers.set(key, found);
    }
    return found;
  }
}

/** One tsconfig's files. The code as it is on disk is the measure: only errors that come on top of it count. */
export class Project {
  readonly #ts: Compiler;
  readonly #options: TypeScript.CompilerOptions;
  readonly #roots: readonly string[];
  /** As they were read. A program gives others where a package is installed twice, and then takes them back for no new one. */
  readonly #files = new Map<string, TypeScript.SourceFile>();
  readonly #base: TypeScript.Program;
  /** Of each file, those that import it. */
  readonly #importers = new Map<string, Set<string>>();
  readonly #before = new Map<string, ReadonlyMap<string, number>>();

  constructor(ts: Compiler, { options, fileNames }: TypeScript.ParsedCommandLine) {
    this.#ts = ts;
    this.#options = { ...options, noEmit: true, composite: false, incremental: false, declaration: false, declarationMap: false, emitDeclarationOnly: false, skipLibCheck: true, tsBuildInfoFile: undefined };
    this.#roots = fileNames;
    this.#base = this.#program(new Map());
    const cache = ts.createModuleResolutionCache(ts.sys.getCurrentDirectory(), (name) => name, this.#options);
    for (const file of this.#base.getSourceFiles()) {
      if (this.#base.isSourceFileFromExternalLibrary(file) || file.isDeclarationFile) continue;
      for (const { fileName } of ts.preProcessFile(file.text, true, true).importedFiles) {
        const target = ts.resolveModuleName(fileName, file.fileName, this.#options, ts.sys, cache).resolvedModule?.resolvedFileName;
        if (target !== undefined) this.#importers.set(resolve(target), (this.#importers.get(resolve(target)) ?? new Set()).add(resolve(file.fileName)));
      }
    }
  }

  /** Errors of the code as it is, in the files that were asked about so far. */
  get errorsBefore(): number {
    return [...this.#before.values()].reduce((sum, counts) => sum + [...counts.values()].reduce((all, one) => all + one, 0), 0);
  }

  /** Errors that `texts` add, in the changed files and in those that import them. */
  added(texts: ReadonlyMap<string, string>, changed: ReadonlySet<string>): CompileError[] {
    const program = this.#program(texts, this.#base);
    const found: CompileError[] = [];
    for (const path of this.#reach(changed)) {
      const before = this.#beforeOf(path);
      const left = new Map(before);
      for (const error of errorsOf(this.#ts, program, path)) {
        const key = keyOf(error);
        const count = left.get(key) ?? 0;
        if (count > 0) left.set(key, count - 1);
        else found.push(error);
      }
    }
    return found;
  }

  /** Whether a change of `path` can be behind one of the errors. */
  concerns(path: string, errors: readonly CompileError[]): boolean {
    const reach = this.#reach(new Set([path]));
    return errors.some((one) => reach.has(one.path));
  }

  #beforeOf(path: string): ReadonlyMap<string, number> {
    let counts = this.#before.get(path);
    if (!counts) {
      const made = new Map<string, number>();
      for (const error of errorsOf(this.#ts, this.#base, path)) made.set(keyOf(error), (made.get(keyOf(error)) ?? 0) + 1);
      this.#before.set(path, (counts = made));
    }
    return counts;
  }

  #reach(changed: ReadonlySet<string>): ReadonlySet<string> {
    const found = new Set(changed);
    // A set gives what is added while it is walked.
    for (const path of found) for (const one of this.#importers.get(path) ?? []) found.add(one);
    return found;
  }

  #program(texts: ReadonlyMap<string, string>, old?: TypeScript.Program): TypeScript.Program {
    const host = this.#ts.createCompilerHost(this.#options, true);
    const fromDisk = host.getSourceFile.bind(host);
    const read = host.readFile.bind(host);
    host.readFile = (path) => texts.get(resolve(path)) ?? read(path);
    host.getSourceFile = (path, ...rest) => {
      const text = texts.get(resolve(path));
      if (text !== undefined) return this.#ts.createSourceFile(path, text, rest[0], true);
      const file = this.#files.get(path) ?? fromDisk(path, ...rest);
      if (file) this.#files.set(path, file);
      return file;
    };
    return this.#ts.createProgram({ rootNames: this.#roots, options: this.#options, host, ...(old && { oldProgram: old }) });
  }
}

function errorsOf(ts: Compiler, program: TypeScript.Program, path: string): CompileError[] {
  const file = program.getSourceFile(path);
  if (!file) return [];
  return [...program.getSyntacticDiagnostics(file), ...program.getSemanticDiagnostics(file)]
    .filter((one) => one.category === ts.DiagnosticCategory.Error)
    .map((one) => ({ path, code: one.code, message: ts.flattenDiagnosticMessageText(one.messageText, ' ') }));
}

/** Without its place: a rewrite moves what stands below it. */
const keyOf = ({ code, message }: CompileError): string => `${code}\0${message}`;
