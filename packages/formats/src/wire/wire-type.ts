/** How a field travels in protobuf; groups (3 and 4) are in no ONNX file. */
export const WireType = { Varint: 0, Bit64: 1, LengthDelimited: 2, Bit32: 5 } as const;

/** The last three bits of a tag, as read: any number up to 7. */
export type WireType = number;
