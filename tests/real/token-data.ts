import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { int64, Tensor } from '@octavo/core/tensor';
import type { Sample } from '@octavo/datasets';
import { argmax, type Metric, meanScore, type Summary } from '@octavo/evaluation';

/** Stories as token sequences; the label of each position is the next token. */
export async function readStories(folder: string): Promise<Sample[]> {
  const stories: number[][] = JSON.parse(
    await readFile(join(folder, 'lm/stories260K/eval_tokens.json'), 'utf8'),
  );
  return stories.map((tokens, n) => ({
    id: `story ${n}`,
    feeds: { input_ids: int64(tokens.slice(0, -1), [1, tokens.length - 1]) },
    label: int64(tokens.slice(1)),
  }));
}

/** Share of positions whose most likely token is the next one, from the scores of any metric of classes. */
export const nextToken: Summary = {
  name: 'next token',
  higherIsBetter: true,
  unit: '%',
  summarize({ predictions, labels }) {
    let hits = 0;
    for (let i = 0; i < predictions.length; i++) if (predictions[i] === labels[i]) hits++;
    return hits / predictions.length;
  },
};

/** All 729 sequences of six digits in 0..2 followed by the first five of them sorted; the label is the sorted digits in base 3. */
export function sortingProblems(): Sample[] {
  return Array.from({ length: 729 }, (_, n) => {
    const digits = Array.from({ length: 6 }, (_, i) => Math.floor(n / 3 ** i) % 3);
    const sorted = [...digits].sort();
    const label = sorted.reduce((number, digit) => number * 3 + digit, 0);
    return { id: digits.join(''), feeds: { ids: int64([...digits, ...sorted.slice(0, 5)], [1, 11]) }, label };
  });
}

/** Share of sequences whose last six positions predict the sorted digits. */
export const sortedMetric: Metric = {
  name: 'sorted',
  higherIsBetter: true,
  unit: '%',
  reads: 'class',
  score(output, label) {
    const rows = Array.from({ length: 6 }, (_, i) => output.length - 18 + 3 * i);
    const prediction = rows.reduce(
      (number, at) => number * 3 + argmax([output[at] ?? 0, output[at + 1] ?? 0, output[at + 2] ?? 0]),
      0,
    );
    return { score: prediction === label ? 1 : 0, prediction };
  },
  summarize: meanScore,
};

/** Files as magika's byte features; the label is the index of the expected content type. */
export async function readFileTypes(folder: string): Promise<Sample[]> {
  const base = join(folder, 'text/magika');
  const bytes = await readFile(join(base, 'features_i32_333x2048.bin'));
  const features = new Int32Array(bytes.buffer, bytes.byteOffset, bytes.length / 4);
  const expected: { dl: string; path: string }[] = JSON.parse(
    await readFile(join(base, 'features_expected.json'), 'utf8'),
  );
  const { target_labels_space: labels }: { target_labels_space: string[] } = JSON.parse(
    await readFile(join(base, 'config.min.json'), 'utf8'),
  );
  return expected.map(({ dl, path }, n) => ({
    id: path,
    feeds: { bytes: new Tensor('int32', [1, 2048], features.slice(n * 2048, (n + 1) * 2048)) },
    label: labels.indexOf(dl),
  }));
}

/** Spoken words as MFCC features of the MLPerf Tiny keyword benchmark. */
export async function readKeywords(folder: string, input: string): Promise<Sample[]> {
  const base = join(folder, 'vision/mlperf_tiny/kws01');
  const features = await readFile(join(base, 'kws01_mfcc_i8_1000x49x10.bin'));
  const labels = await readFile(join(base, 'kws01_labels_u8.bin'));
  return Array.from(labels, (label, n) => ({
    id: `${n}`,
    label,
    feeds: {
      [input]: new Tensor(
        'float32',
        [1, 1, 49, 10],
        Float32Array.from({ length: 490 }, (_, i) => (features.readInt8(n * 490 + i) - 83) * 0.5847029),
      ),
    },
  }));
}

/**
 * Shakespeare as character sequences; the label of each position is the next character. `from` shifts every sequence by
 * a share of the distance between two, so that others lie between those of another share.
 */
export async function readShakespeare(
  folder: string,
  { count, length, from }: { readonly count: number; readonly length: number; readonly from: number },
): Promise<Sample[]> {
  const vocabulary: unknown = JSON.parse(
    await readFile(join(folder, 'lm/char_lstm_shakespeare/src/vocab.json'), 'utf8'),
  );
  const indexOf = new Map(Object.entries(vocabulary as Record<string, number>));
  const text = await readFile(join(folder, 'lm/text/shakespeare.txt'), 'utf8');
  const ids = Array.from(text, (letter) => indexOf.get(letter) ?? 0);
  const stride = Math.floor(ids.length / count);
  return Array.from({ length: count }, (_, n) => {
    const start = Math.floor((n + from) * stride);
    const part = ids.slice(start, start + length + 1);
    return {
      id: `${start}`,
      feeds: { ids: int64(part.slice(0, -1), [length, 1]) },
      label: int64(part.slice(1)),
    };
  });
}
