import type { ConstantHandle, NativeBinding } from '../binding.js';
import { CpuError } from '../cpu-error.js';
import { type Lifetime, planArena } from './arena.js';
import type { Block, ComputedBlock, Operand, ProgramOp } from './operand.js';

/** What ops are called in code, by their names. */
export type OpNumbers = ReadonlyMap<string, number>;

export function opNumbersOf(binding: Pick<NativeBinding, 'opNames'>): OpNumbers {
  return new Map(binding.opNames().map((name, number) => [name, number]));
}

/** Ops and where their memory is, before it is placed. */
export interface UnplacedProgram {
  readonly ops: readonly ProgramOp[];
  /** Bytes of each input of the program. */
  readonly inputBytes: readonly number[];
  /** Blocks that are outputs of the program, in order, each once. */
  readonly outputs: readonly ComputedBlock[];
  /** The small constants, where there are any. */
  readonly pool: ConstantHandle | undefined;
}

/** The leading arguments of `createProgram`, but for weights. */
export interface NativeProgram {
  readonly code: Int32Array;
  readonly slots: Float64Array;
  readonly arenaBytes: number;
  readonly constants: readonly ConstantHandle[];
  readonly inputBytes: Float64Array;
  readonly outputBytes: Float64Array;
}

/** Where a block is: the number of its memory and its first byte there. */
interface Place {
  readonly memory: number;
  readonly start: number;
}

/** Places every block, the computed ones by their lifetimes in one arena, and encodes the ops. */
export function assemble(program: UnplacedProgram, opNumbers: OpNumbers): NativeProgram {
  const constants = constantsOf(program);
  const { places, arenaBytes } = placeBlocks(program, constants);
  const slots: number[] = [];
  const code = encode(program.ops, opNumbers, slotNumbers(places, slots));
  return {
    code,
    slots: Float64Array.from(slots),
    arenaBytes,
    constants,
    inputBytes: Float64Array.from(program.inputBytes),
    outputBytes: Float64Array.from(program.outputs, ({ bytes }) => bytes),
  };
}

function constantsOf({ ops, pool }: UnplacedProgram): ConstantHandle[] {
  const handles = new Set<ConstantHandle>();
  if (pool) handles.add(pool);
  for (const { operands } of ops) {
    for (let i = 0; i < operands.length; i++) {
      const block = operands[i]?.block;
      if (block?.kind === 'constant') handles.add(block.handle);
    }
  }
  return [...handles];
}

/** Memory 0 is the arena; constants, inputs and outputs follow. */
function placeBlocks(
  { ops, inputBytes, outputs }: UnplacedProgram,
  constants: readonly ConstantHandle[],
): { places: (block: Block) => Place; arenaBytes: number } {
  const firstInput = 1 + constants.length;
  const firstOutput = firstInput + inputBytes.length;
  const numbers = new Map<ConstantHandle, number>();
  for (const handle of constants) numbers.set(handle, 1 + numbers.size);
  const computed = new Map<Block, Place>();
  for (const block of outputs) computed.set(block, { memory: firstOutput + computed.size, start: 0 });
  const lifetimes = lifetimesOf(ops, computed);
  const arena = planArena([...lifetimes.values()]);
  let index = 0;
  for (const block of lifetimes.keys())
    computed.set(block, { memory: 0, start: arena.offsets[index++] ?? 0 });
  const places = (block: Block): Place => {
    switch (block.kind) {
      case 'computed':
        return computed.get(block) ?? { memory: 0, start: 0 };
      case 'input':
        return { memory: firstInput + block.index, start: 0 };
      case 'constant':
        return { memory: numbers.get(block.handle) ?? -1, start: 0 };
      case 'pool':
        return { memory: 1, start: 0 };
    }
  };
  return { places, arenaBytes: arena.bytes };
}

/** From which op to which one each computed block is needed, but for those that have a place already. */
function lifetimesOf(ops: readonly ProgramOp[], placed: ReadonlyMap<Block, Place>): Map<Block, Lifetime> {
  const lifetimes = new Map<Block, { readonly bytes: number; readonly first: number; last: number }>();
  let at = 0;
  for (const { operands } of ops) {
    for (let i = 0; i < operands.length; i++) {
      const block = operands[i]?.block;
      if (block?.kind !== 'computed' || placed.has(block)) continue;
      const known = lifetimes.get(block);
      if (known) known.last = at;
      else lifetimes.set(block, { bytes: block.bytes, first: at, last: at });
    }
    at++;
  }
  return lifetimes;
}

/** Numbers slots as they are asked for; each is three numbers at the end of `slots`. */
function slotNumbers(places: (block: Block) => Place, slots: number[]): (operand: Operand) => number {
  const known = new Map<Operand, number>();
  return (operand) => {
    let number = known.get(operand);
    if (number === undefined) {
      const { memory, start } = places(operand.block);
      number = slots.length / 3;
      slots.push(memory, start + operand.offset, operand.bytes);
      known.set(operand, number);
    }
    return number;
  };
}

function encode(
  ops: readonly ProgramOp[],
  opNumbers: OpNumbers,
  slotOf: (operand: Operand) => number,
): Int32Array {
  let length = 0;
  for (const { operands, words } of ops) length += 3 + operands.length + words.length;
  const code = new Int32Array(length);
  let at = 0;
  for (const { name, operands, words } of ops) {
    code[at++] = opNumbers.get(name) ?? -1;
    code[at++] = operands.length;
    code[at++] = words.length;
    for (let i = 0; i < operands.length; i++) {
      const operand = operands[i];
      code[at++] = operand ? slotOf(operand) : -1;
    }
    for (let i = 0; i < words.length; i++) {
      const word = words[i] ?? Number.NaN;
      if (word !== (word | 0)) throw tooLarge(name, word);
      code[at++] = word;
    }
  }
  return code;
}

function tooLarge(op: string, word: number): CpuError {
  return new CpuError({
    code: 'CPU_INVALID_ARGUMENT',
    where: `op ${op}`,
    message: `sizes of native ops are below 2^31, found ${word}.`,
    remedy: 'Give the model smaller inputs, or leave the CPU backend out.',
  });
}
