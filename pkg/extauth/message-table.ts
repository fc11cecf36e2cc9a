/** Definitions of Protobuf as tables in code: no compiler, no generated files. */
import { create } from '@bufbuild/protobuf';
import {
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';

/** Fields by message. */
export type MessageTable = Readonly<Record<string, Readonly<Record<string, FieldEntry>>>>;

/**
 * The type is a scalar, a message of the table, or one of another file (`.google.protobuf.Struct`); in angle brackets it is repeated, and `map` is
 * `map<string, string>`. `oneof` names the group that the field is in.
 */
export type FieldEntry = readonly [number: number, type: string, oneof?: string];

/** Methods by service. */
export type ServiceTable = Readonly<Record<string, Readonly<Record<string, readonly [input: string, output: string]>>>>;

const { OPTIONAL, REPEATED } = FieldDescriptorProto_Label;
const { STRING, BYTES, BOOL, INT32, INT64, UINT32, MESSAGE } = FieldDescriptorProto_Type;
const scalars = { string: STRING, bytes: BYTES, bool: BOOL, int32: INT32, int64: INT64, uint32: UINT32 } as const;

export function fileOf(name: string, messages: MessageTable, services: ServiceTable): FileDescriptorProto {
  return create(FileDescriptorProtoSchema, {
    name: `${name}.proto`,
    package: name,
    syntax: 'proto3',
    dependency: ['google/protobuf/struct.proto'],
    messageType: Object.entries(messages).map(([message, fields]) => messageOf(name, message, fields)),
    service: Object.entries(services).map(([service, methods]) => ({
      name: service,
      method: Object.entries(methods).map(([method, [input, output]]) => ({
        name: method,
        inputType: `.${name}.${input}`,
        outputType: `.${name}.${output}`,
      })),
    })),
  });
}

function messageOf(file: string, name: string, fields: MessageTable[string]) {
  const groups = [...new Set(Object.values(fields).flatMap(([, , oneof]) => (oneof === undefined ? [] : [oneof])))];
  const maps = Object.keys(fields).filter((field) => fields[field]?.[1] === 'map');
  return {
    name,
    field: Object.entries(fields).map(([field, [number, type, oneof]]) => ({
      name: field,
      number,
      ...typeOf(file, `${name}.${entryName(field)}`, type),
      ...(oneof !== undefined && { oneofIndex: groups.indexOf(oneof) }),
    })),
    oneofDecl: groups.map((group) => ({ name: group })),
    nestedType: maps.map((field) => ({
      name: entryName(field),
      field: [
        { name: 'key', number: 1, type: STRING, label: OPTIONAL },
        { name: 'value', number: 2, type: STRING, label: OPTIONAL },
      ],
      options: { mapEntry: true },
    })),
  };
}

/** @param entry what a map of this field is made of */
function typeOf(file: string, entry: string, type: string): Pick<FieldDescriptorProto, 'label' | 'type' | 'typeName'> {
  if (type === 'map') return { label: REPEATED, type: MESSAGE, typeName: `.${file}.${entry}` };
  const item = type.replace(/^<(.*)>$/, '$1');
  const label = item === type ? OPTIONAL : REPEATED;
  if (isScalar(item)) return { label, type: scalars[item], typeName: '' };
  return { label, type: MESSAGE, typeName: item.startsWith('.') ? item : `.${file}.${item}` };
}

function isScalar(type: string): type is keyof typeof scalars {
  return Object.hasOwn(scalars, type);
}

/** As protoc names it: `context_extensions` → `ContextExtensionsEntry`. */
function entryName(field: string): string {
  return `${field.replace(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase())}Entry`;
}
