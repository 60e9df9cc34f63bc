/** What imports, declared types, decorators and properties hold. */
import type { Value } from '../../model.ts';
import type { ClientContext, DeclaredType } from '../client.ts';
import type { HandleValue } from '../../value/terms.ts';
import { collectionHandle, isHandle, makeHandle, modelData, modelHandle, originOf, sessionHandle, type Origin } from './handles.ts';
import { firstDeclared, isCombined, lastPart } from '../common/types.ts';

const TYPEGOOSE: readonly string[] = ['@typegoose/typegoose', 'typegoose'];
const INJECTORS: ReadonlySet<string> = new Set(['@nestjs/mongoose', 'nestjs-typegoose', '@m8a/nestjs-typegoose', '@hirasawa_au/nestjs-typegoose']);
export const PACKAGES: readonly string[] = ['mongoose', 'mongodb', ...TYPEGOOSE, ...INJECTORS];

const FUNCTIONS: ReadonlySet<string> = new Set([
  'model', 'models', 'Schema', 'connection', 'createConnection', 'connect', 'startSession', 'Types', 'Mongoose', 'mongoose', 'MongoClient', 'ObjectId', 'ObjectID', 'getModelForClass', 'getDiscriminatorModelForClass',
  'SchemaFactory', 'isValidObjectId', 'bson',
]);

export function importedValue(source: string, name: string, context: ClientContext): Value | undefined {
  if (source !== 'mongoose' && source !== 'mongodb' && source !== 'bson' && !TYPEGOOSE.includes(source) && source !== '@nestjs/mongoose') return undefined;
  if (name === '*' || name === 'default') return makeHandle(context, 'module', {});
  return FUNCTIONS.has(name) ? exported(name, context) : undefined;
}

/** What an export of the packages is. */
export function exported(name: string, context: ClientContext): Value | undefined {
  const origin: Origin = { evidence: 'declaration' };
  switch (name) {
    case 'mongoose': return makeHandle(context, 'module', {});
    case 'connection': return makeHandle(context, 'connection', origin);
    case 'models': return makeHandle(context, 'models', {});
    default: return makeHandle(context, 'export', { name });
  }
}

/** `Model<UserDocument>`, `Model<User & Document>`: the name of the model, which its document's type bears. */
function typeModel(type: DeclaredType | undefined): string | undefined {
  if (!type) return undefined;
  if (type.name === 'typeof') return typeModel(type.args[0]);
  if (type.name === 'HydratedDocument' || type.name === 'DocumentType') return typeModel(type.args[0]);
  if (isCombined(type)) return typeModel(type.args.find((one) => one.from !== 'mongoose'));
  const name = lastPart(type.name);
  return name.replace(/^I(?=[A-Z][a-z])/, '').replace(/(?:Document|Doc|Model|Schema|Entity)$/, '') || name;
}

export function declaredValue(type: DeclaredType, context: ClientContext): Value | undefined {
  if (isCombined(type)) return firstDeclared(type.args, context, declaredValue);
  const { from } = type;
  if (from === undefined || !(from === 'mongoose' || from === 'mongodb' || TYPEGOOSE.includes(from))) return undefined;
  const origin: Origin = { evidence: type.resolved ? 'type' : 'declaration' };
  switch (lastPart(type.name)) {
    case 'Model': case 'PaginateModel': case 'AggregatePaginateModel': case 'ReturnModelType': case 'ModelType': return modelHandle(context, typeModel(type.args[0]), origin);
    case 'Connection': case 'Mongoose': case 'MongoClient': return makeHandle(context, 'connection', origin);
    case 'Db': return makeHandle(context, 'db', origin);
    case 'Collection': return collectionHandle(context, undefined, origin);
    case 'ClientSession': return sessionHandle(context, origin);
    default: return undefined;
  }
}

export function decoratedValue(
  decorator: { readonly name: string; readonly from: string | undefined; readonly args: readonly Value[] }, type: DeclaredType | undefined, context: ClientContext,
): Value | undefined {
  if (decorator.from === undefined || !INJECTORS.has(decorator.from)) return undefined;
  const origin: Origin = { evidence: 'declaration' };
  if (decorator.name === 'InjectConnection') return makeHandle(context, 'connection', origin);
  if (decorator.name !== 'InjectModel') return undefined;
  return modelHandle(context, modelName(decorator.args[0], context) ?? typeModel(type?.args[0]), origin);
}

/** The name of a model as an argument tells it: `'User'`, `User.name`, the class itself. */
export function modelName(value: Value | undefined, context: ClientContext): string | undefined {
  if (!value) return undefined;
  const literal = context.literal(value)?.value;
  if (typeof literal === 'string') return literal;
  if (value.kind === 'class') return value.name || undefined;
  // A class of a file that was not read.
  if (value.kind === 'member') return value.key === 'name' || value.key === 'modelName' ? modelName(value.object, context) : /^[A-Z]/.test(value.key) ? value.key : undefined;
  if (value.kind === 'input') return /^[A-Z]/.test(value.name) ? value.name : undefined;
  return isHandle(value, 'model') ? modelData(value).name : undefined;
}

/** A property of a handle: `mongoose.connection`, `mongoose.models.User`, `mongoose.Types.ObjectId`, `User.collection`. */
export function memberValue(handle: HandleValue, key: string, context: ClientContext): Value | undefined {
  const origin = originOf(handle);
  switch (handle.type) {
    case 'module': return key === 'default' ? handle : importedValue('mongoose', key, context);
    case 'export': return handle.data['name'] === 'Types' || handle.data['name'] === 'Schema' ? exported(key, context) : undefined;
    // `models.User ?? model('User', schema)`: as at the first call, where the schema and what it adds is known.
    case 'models': return context.terms.undefined;
    case 'connection':
      if (key === 'db') return makeHandle(context, 'db', origin);
      return key === 'connection' ? handle : key === 'models' ? makeHandle(context, 'models', {}) : undefined;
    case 'model': {
      const { name } = modelData(handle);
      if (key === 'collection') return makeHandle(context, 'collection', { evidence: origin.evidence, name });
      if (key === 'modelName') return name === undefined ? undefined : context.terms.literal(name);
      return key === 'db' ? makeHandle(context, 'connection', origin) : undefined;
    }
    case 'collection': return key === 'collectionName' && typeof handle.data['name'] === 'string' ? context.terms.literal(handle.data['name']) : undefined;
    default: return undefined;
  }
}
