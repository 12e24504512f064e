import { readdir } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import type { InputSpec, Sample, SampleSource } from '../dataset.js';
import { DatasetError } from '../dataset-error.js';
import type { Preprocess } from '../preprocess.js';
import { readTable } from '../tables/read-table.node.js';
import { scalarsOf } from '../tables/row-values.js';
import { sharpDecoder } from './decode-image.node.js';
import { planImages } from './image-plan.js';
import { imageTensor } from './image-tensor.js';

const IMAGE_FILE = /\.(jpe?g|png|webp|gif|tiff?|avif)$/i;

/** Whether a file name is an image's. */
export function isImageFile(name: string): boolean {
  return IMAGE_FILE.test(name);
}

interface LabelledImage {
  readonly path: string;
  readonly label?: number | string;
  readonly columns?: Readonly<Record<string, string | number>>;
}

/**
 * One sample an image: those of a labels table where the preprocessing names one, else all in the folder and its
 * subfolders, in the order of their paths. Without a table, subfolders are classes: their index in alphabetic order is
 * the label and their name the column `class`.
 * @throws DatasetError as `planImages` and `sharpDecoder`; `DATASET_LABEL`; reading samples: `DATASET_IMAGE`.
 */
export async function imageSource(
  folder: string,
  inputs: readonly InputSpec[],
  preprocess: Preprocess,
  label?: string,
): Promise<SampleSource> {
  const plan = planImages(inputs, preprocess, folder);
  const decode = await sharpDecoder();
  const images = preprocess.labels
    ? await tableImages(resolve(folder, preprocess.labels.file), preprocess.labels.image, label)
    : await folderImages(folder);
  return {
    size: images.length,
    async sample(index): Promise<Sample> {
      const { path = '', ...rest } = images[index] ?? {};
      const tensor = imageTensor(await decode(path, plan), plan, path);
      return { feeds: { [plan.input.name]: tensor }, id: relative(folder, path) || path, ...rest };
    },
  };
}

async function tableImages(file: string, image: string, label?: string): Promise<LabelledImage[]> {
  const { columns, rows } = await readTable(file);
  for (const needed of [image, label]) {
    if (needed === undefined || columns.includes(needed)) continue;
    throw new DatasetError({
      code: needed === label ? 'DATASET_LABEL' : 'DATASET_MISSING_COLUMN',
      where: file,
      message: `no column is named ${needed}; found ${columns.join(', ')}.`,
    });
  }
  return rows.map((row) => {
    const scalars = scalarsOf(row);
    const path = resolve(dirname(file), String(row[image]));
    return {
      path,
      columns: scalars,
      ...(label === undefined ? {} : { label: scalars[label] ?? Number.NaN }),
    };
  });
}

async function folderImages(folder: string): Promise<LabelledImage[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = entries
    .filter((entry) => entry.isFile() && isImageFile(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
  const classOf = (path: string) => dirname(relative(folder, path));
  const names = [...new Set(paths.map(classOf))].sort();
  if (names.length < 2) return paths.map((path) => ({ path }));
  const classes = new Map(names.map((name, index) => [name, index]));
  return paths.map((path) => ({
    path,
    label: classes.get(classOf(path)) ?? -1,
    columns: { class: classOf(path) },
  }));
}
