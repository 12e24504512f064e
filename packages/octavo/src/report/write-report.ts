import { type ReportDocument, renderHtml } from '@octavo/evaluation';
import { toJson } from '../cli/json.js';
import { writeFiles } from '../output-files.js';

/**
 * Writes `report.json` and `report.html` into a directory and returns their paths.
 * @throws OctavoError `OUTPUT_UNWRITABLE`.
 */
export function writeReport(
  directory: string,
  json: object,
  document: ReportDocument,
  signal?: AbortSignal,
): Promise<string[]> {
  const files = new Map([
    ['report.json', toJson(json)],
    ['report.html', renderHtml(document)],
  ]);
  return writeFiles(directory, files, signal);
}
