import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { OctavoError } from '@octavo/core/tensor';
import { type ReportDocument, renderHtml } from '@octavo/evaluation';

/**
 * Writes `report.json` and `report.html` into a directory, made when it is missing; each file appears whole or not.
 * @throws OctavoError `OUTPUT_UNWRITABLE`.
 */
export async function writeReport(
  directory: string,
  data: object,
  document: ReportDocument,
): Promise<string[]> {
  const files: readonly (readonly [string, string])[] = [
    ['report.json', `${JSON.stringify(data, null, 2)}\n`],
    ['report.html', renderHtml(document)],
  ];
  try {
    await mkdir(directory, { recursive: true });
    return await Promise.all(files.map(([name, text]) => writeWhole(join(directory, name), text)));
  } catch (error) {
    throw new OctavoError({
      code: 'OUTPUT_UNWRITABLE',
      where: directory,
      message: `the report cannot be written: ${error instanceof Error ? error.message : String(error)}.`,
      remedy: 'Name a directory that can be written with --report.',
      cause: error,
    });
  }
}

async function writeWhole(path: string, text: string): Promise<string> {
  const staged = `${path}.${process.pid}.partial`;
  try {
    await writeFile(staged, text);
    await rename(staged, path);
  } catch (error) {
    await rm(staged, { force: true });
    throw error;
  }
  return path;
}
