import type { ReportDocument } from '@octavo/evaluation/report';
import { toJson } from '../cli/json.js';
import { writeFiles } from '../output-files.js';

/**
 * Writes `report.json` and `report.html` into a directory and returns their paths.
 * @throws OctavoError `OUTPUT_UNWRITABLE`.
 */
export async function writeReport(
  directory: string,
  json: object,
  document: ReportDocument,
  signal?: AbortSignal,
): Promise<string[]> {
  const { renderHtml } = await import('@octavo/evaluation/report');
  const files = new Map([
    ['report.json', toJson(json)],
    ['report.html', renderHtml(document)],
  ]);
  return await writeFiles(directory, files, signal);
}
