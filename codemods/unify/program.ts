/** The project as the compiler sees it: how modules are named, what imports what, and whether the types still fit. The only user of ts-morph. */
import { existsSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { Project, ts, type SourceFile as ProgramFile } from 'ts-morph';
import type { FileChange } from './model.ts';
import type { Resolution } from './imports.ts';

/** More importers than this are not checked one by one. */
const MAX_CHECKED = 400;

export class Program {
  readonly #project: Project;
  readonly #whole: boolean;
  readonly #config: string | undefined;

  /** @param near a file of the project; its nearest tsconfig counts. */
  constructor(near: string, files: readonly string[], whole: boolean) {
    this.#config = nearestConfig(near);
    this.#whole = whole;
    this.#project = this.#config !== undefined
      ? new Project({ tsConfigFilePath: this.#config })
      : new Project({ compilerOptions: { target: ts.ScriptTarget.ES2022, module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, strict: true, skipLibCheck: true, noEmit: true, allowJs: true, allowImportingTsExtensions: true } });
    this.#project.addSourceFilesAtPaths(files.filter((one) => !/\.[cm]?jsx?$/.test(one)));
    this.#project.resolveSourceFileDependencies();
  }

  get resolution(): Resolution {
    const options = this.#project.getCompilerOptions();
    const base = options.baseUrl ?? (this.#config === undefined ? undefined : dirname((options['pathsBasePath'] as string | undefined ? join(options['pathsBasePath'] as string, 'x') : this.#config)));
    const paths = base === undefined ? [] : Object.entries(options.paths ?? {}).flatMap(([pattern, targets]) => (targets[0] === undefined ? [] : [{ pattern, target: resolve(base, targets[0].replace('*', '\0')).replace('\0', '*') }]));
    const kind = options.moduleResolution ?? (options.module === undefined ? undefined : undefined);
    const isNode = kind === ts.ModuleResolutionKind.Node16 || kind === ts.ModuleResolutionKind.NodeNext || (kind === undefined && options.module !== undefined && options.module >= ts.ModuleKind.Node16 && options.module <= ts.ModuleKind.NodeNext);
    return { paths, extension: (path) => (options.allowImportingTsExtensions ? /\.[cm]?[jt]sx?$/.exec(path)![0] : isNode ? path.replace(/^.*\.([cm]?)[jt]sx?$/, '.$1js') : '') };
  }

  /** Whether loading `from` loads one of `targets`, now or after it imports `more`. */
  reaches(from: string, more: readonly string[], targets: readonly string[]): string | undefined {
    const wanted = new Set(targets);
    const seen = new Set<string>();
    const pending = [from, ...more];
    for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
      if (seen.has(path)) continue;
      seen.add(path);
      if (path !== from && wanted.has(path)) return path;
      const file = this.#project.getSourceFile(path) ?? (existsSync(path) ? this.#project.addSourceFileAtPathIfExists(path) : undefined);
      for (const one of file?.getImportDeclarations() ?? []) {
        const target = one.isTypeOnly() ? undefined : one.getModuleSpecifierSourceFile()?.getFilePath();
        if (target !== undefined && !target.includes('/node_modules/')) pending.push(target);
      }
    }
    return undefined;
  }

  /** Where a module name leads from a file; undefined for packages and what is not found. */
  resolve(name: string, from: string): string | undefined {
    const found = ts.resolveModuleName(name, from, this.#project.getCompilerOptions(), ts.sys).resolvedModule?.resolvedFileName;
    return found?.includes('/node_modules/') ? undefined : found;
  }

  /** Errors that are there with the changes and not without them. */
  newErrors(changes: readonly FileChange[]): readonly string[] {
    const paths = changes.map((one) => one.path).filter((one) => !/\.[cm]?jsx?$/.test(one));
    const before = this.#errors(this.#checked(paths));
    for (const { path, after } of changes) {
      const file = this.#project.getSourceFile(path);
      if (file) file.replaceWithText(after); else if (paths.includes(path)) this.#project.createSourceFile(path, after, { overwrite: true });
    }
    this.#project.resolveSourceFileDependencies();
    const found = this.#errors(this.#checked(paths));
    const known = new Map<string, number>();
    for (const one of before) known.set(one.id, (known.get(one.id) ?? 0) + 1);
    return found.filter((one) => {
      const left = known.get(one.id) ?? 0;
      if (left) known.set(one.id, left - 1);
      return !left;
    }).map((one) => one.text);
  }

  /** Puts the texts back, for the next table. */
  undo(changes: readonly FileChange[]): void {
    for (const { path, before } of changes) {
      const file = this.#project.getSourceFile(path);
      if (before === undefined) file?.forget(); else file?.replaceWithText(before);
    }
  }

  #checked(paths: readonly string[]): ProgramFile[] {
    if (this.#whole) return this.#project.getSourceFiles().filter((one) => !one.isFromExternalLibrary() && !one.isInNodeModules());
    const found = new Set<ProgramFile>();
    for (const path of paths) {
      const file = this.#project.getSourceFile(path);
      if (!file) continue;
      found.add(file);
      for (const one of file.getReferencingSourceFiles()) if (found.size < MAX_CHECKED) found.add(one);
    }
    return [...found];
  }

  #errors(files: readonly ProgramFile[]): { readonly id: string; readonly text: string }[] {
    const program = this.#project.getProgram().compilerObject;
    return files.flatMap((file) => {
      const node = program.getSourceFile(file.getFilePath());
      return node ? [...program.getSyntacticDiagnostics(node), ...program.getSemanticDiagnostics(node)].filter((one) => one.category === ts.DiagnosticCategory.Error).map((one) => {
        const message = ts.flattenDiagnosticMessageText(one.messageText, ' ');
        const line = one.file && one.start !== undefined ? one.file.getLineAndCharacterOfPosition(one.start).line + 1 : 0;
        return { id: `${file.getFilePath()} ${one.code} ${message}`, text: `${file.getFilePath()}:${line}: ${message}` };
      }) : [];
    });
  }
}

function nearestConfig(near: string): string | undefined {
  for (let at = dirname(near); ; at = dirname(at)) {
    for (const name of ['tsconfig.json', 'jsconfig.json']) if (existsSync(join(at, name))) return join(at, name);
    if (dirname(at) === at) return undefined;
  }
}
