import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Tensor } from '@octavo/core/tensor';
import { type NamedTensor, readNamedTensorProto } from '@octavo/formats';
import { castTensor } from '../cast.js';
import type { InputSpec, Sample, SampleSource } from '../dataset.js';
import { DatasetError } from '../dataset-error.js';
import { readBytes } from '../read-bytes.node.js';

/** Whether a folder holds the tensors of one ONNX test. */
export function isTestSet(files: readonly string[]): boolean {
  return files.includes('input_0.pb');
}

/**
 * One sample for each ONNX test set folder: `input_k.pb` feeds the input of the tensor's name, or the k-th input.
 * @param label `output_k` or the name of an output tensor: its expected values become the label.
 * @throws reading samples: DatasetError `DATASET_MISSING_ARRAY`, `DATASET_LABEL`, `DATASET_DTYPE`; FormatError.
 */
export function testSetSource(
  folders: readonly string[],
  inputs: readonly InputSpec[],
  label?: string,
): SampleSource {
  return {
    size: folders.length,
    async sample(index): Promise<Sample> {
      const folder = folders[index] ?? '';
      const files = await readdir(folder);
      const tensors = await readNumbered(folder, files, 'input');
      const feeds = Object.fromEntries(
        inputs.map((input, k) => [input.name, feedOf(tensors, input, k, folder)]),
      );
      if (label === undefined) return { feeds, id: folder };
      return { feeds, id: folder, label: await expected(folder, files, label) };
    },
  };
}

async function readNumbered(folder: string, files: readonly string[], kind: string): Promise<NamedTensor[]> {
  const tensors: NamedTensor[] = [];
  for (let k = 0; files.includes(`${kind}_${k}.pb`); k++) {
    const path = join(folder, `${kind}_${k}.pb`);
    tensors.push(readNamedTensorProto(await readBytes(path), path));
  }
  return tensors;
}

function feedOf(tensors: readonly NamedTensor[], input: InputSpec, k: number, folder: string): Tensor {
  const found = tensors.find(({ name }) => name === input.name) ?? tensors[k];
  if (found) return castTensor(found.tensor, input, `${folder}: ${input.name}`);
  throw new DatasetError({
    code: 'DATASET_MISSING_ARRAY',
    where: folder,
    message: `it has ${tensors.length} input files; input ${input.name} needs input_${k}.pb.`,
  });
}

async function expected(folder: string, files: readonly string[], label: string): Promise<Tensor> {
  const outputs = await readNumbered(folder, files, 'output');
  const found = outputs.find(({ name }, k) => name === label || label === `output_${k}`);
  if (found) return found.tensor;
  throw new DatasetError({
    code: 'DATASET_LABEL',
    where: folder,
    message: `no output tensor is named ${label}; found ${outputs.map(({ name }) => name).join(', ') || 'none'}.`,
    remedy: 'Name an output, or output_0 for the first.',
  });
}
