/** The type of the handle that the function is given, as some place annotates it, with the imports of its names. */
import type { TSESTree } from '@typescript-eslint/types';
import type { AlternativeKeysRequest, NeededImport } from '../../clients/forms.ts';
import { resolvePath, sourceFile } from '../../source/modules.ts';
import { eachNode, keyName, unwrap } from '../../source/syntax.ts';
import type { Node } from '../../value/terms.ts';
import type { Place } from './model.ts';

type HandleType = NonNullable<AlternativeKeysRequest['handleType']>;

export function handleTypeOf(places: readonly Place[]): HandleType | undefined {
  for (const place of places) {
    const annotation = annotationOf(unwrap(place.parts.handle), place);
    const imports = annotation && importsOf(annotation, place);
    if (annotation && imports) return { text: place.file.slice(annotation).replace(/\s+/g, ' '), imports, annotated: true };
  }
  for (const { parts, file } of places) {
    const handle = unwrap(parts.handle);
    const found = handle.type === 'Identifier' ? namedImports(file).find((one) => (one.local ?? one.name) === handle.name) : undefined;
    if (found) return { text: `typeof ${found.local ?? found.name}`, imports: [{ ...found, type: true }], annotated: false };
  }
  return undefined;
}

/** How a place, or the file that its handle comes from, imports a name. */
export function importedName(places: readonly Place[], name: string): NeededImport | undefined {
  const files = places.map((one) => one.file);
  const origins = places.flatMap(({ parts, file }) => {
    const handle = unwrap(parts.handle);
    const found = handle.type === 'Identifier' ? namedImports(file).find((one) => (one.local ?? one.name) === handle.name) : undefined;
    const path = found && resolvePath(found.from, file.path);
    const origin = path === undefined ? undefined : sourceFile(path);
    return origin ? [origin] : [];
  });
  for (const file of [...files, ...origins]) {
    const found = namedImports(file).find((one) => (one.local ?? one.name) === name);
    if (found) return found;
  }
  return undefined;
}

function namedImports(file: Place['file']): NeededImport[] {
  return file.ast.body.flatMap((one) => (one.type === 'ImportDeclaration' ? one.specifiers.flatMap((each): NeededImport[] => {
    if (each.type !== 'ImportSpecifier' || each.imported.type !== 'Identifier') return [];
    return [{ name: each.imported.name, ...(each.local.name !== each.imported.name && { local: each.local.name }), from: one.source.value, importer: file.path, type: one.importKind === 'type' || each.importKind === 'type' }];
  }) : []));
}

/** What is called or typed so may be a transaction's, whoever calls the function. */
export function mayBeTransaction(handle: Node, file: Place['file']): boolean {
  const annotation = annotationOf(unwrap(handle), { file });
  return /(?:^|\.)(?:tx|trx|transaction|manager|queryRunner)$/i.test(file.slice(handle)) || (annotation !== undefined && /Transaction|EntityManager|QueryRunner|\bTx/.test(file.slice(annotation)));
}

function annotationOf(handle: Node, { file }: Pick<Place, 'file'>): Node | undefined {
  if (handle.type === 'Identifier') {
    const declared = file.variable(handle)?.identifiers[0] as TSESTree.Identifier | undefined;
    return declared?.typeAnnotation?.typeAnnotation;
  }
  if (handle.type !== 'MemberExpression' || handle.object.type !== 'ThisExpression') return undefined;
  const name = keyName(handle.property, handle.computed);
  let owner: Node | undefined = handle;
  while (owner && owner.type !== 'ClassBody') owner = owner.parent;
  for (const member of owner?.type === 'ClassBody' ? owner.body : []) {
    if (member.type === 'PropertyDefinition' && keyName(member.key, member.computed) === name) return member.typeAnnotation?.typeAnnotation;
    if (member.type !== 'MethodDefinition' || member.kind !== 'constructor') continue;
    for (const one of member.value.params) {
      if (one.type === 'TSParameterProperty' && one.parameter.type === 'Identifier' && one.parameter.name === name) return one.parameter.typeAnnotation?.typeAnnotation;
    }
  }
  return undefined;
}

/** Undefined when some name of the type is neither imported nor known everywhere. */
function importsOf(type: Node, { file }: Place): NeededImport[] | undefined {
  const found: NeededImport[] = [];
  let isKnown = true;
  eachNode(type, (one) => {
    if (one.type === 'TSTypeQuery' || one.type === 'TSTypeLiteral' || one.type === 'TSImportType') isKnown = false;
    if (one.type !== 'Identifier') return;
    const def = file.variable(one)?.defs[0];
    if (!def) return;
    const specifier = def.node as Node;
    const statement = specifier.parent;
    if (specifier.type !== 'ImportSpecifier' || statement?.type !== 'ImportDeclaration' || specifier.imported.type !== 'Identifier') { isKnown = false; return; }
    found.push({ name: specifier.imported.name, ...(specifier.local.name !== specifier.imported.name && { local: specifier.local.name }), from: statement.source.value, importer: file.path, type: true });
  });
  return isKnown ? found : undefined;
}
