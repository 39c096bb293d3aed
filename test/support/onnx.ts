import { type ModelProto, modelType } from '../../src/model/onnx/schema.ts';

/** What a `.onnx` file says; fields at their default (zero, empty text) are left out. */
export function decodeModel(bytes: Uint8Array): ModelProto {
  return modelType.toObject(modelType.decode(bytes), { longs: Number, arrays: true }) as ModelProto;
}
