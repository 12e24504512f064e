import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { float32 } from '@octavo/core/tensor';
import type { Sample } from '@octavo/datasets';

const DAY = 86_400_000;
const FIRST_DAY = Date.UTC(2014, 4, 1);
const SPLIT = '20150301';

/** King County sales as the features of kc_house_mlp, labelled with the price; trained on sales before March 2015. */
export async function readHouseSales(folder: string, which: 'train' | 'test'): Promise<Sample[]> {
  const base = join(folder, 'tabular/kc_house');
  const names: string[] = JSON.parse(await readFile(join(base, 'kc_house_mlp.features.json'), 'utf8'));
  const [header = '', ...lines] = (await readFile(join(base, 'kc_house_data.csv'), 'utf8'))
    .trim()
    .split('\n');
  const columns = header.trim().split(',');
  const rows = lines.map((line) =>
    Object.fromEntries(
      line
        .trim()
        .split(',')
        .map((cell, i) => [columns[i] ?? '', cell.replaceAll('"', '')]),
    ),
  );
  return rows
    .filter((row) => (row['date'] ?? '') < SPLIT === (which === 'train'))
    .map((row) => ({
      id: `${row['id']}-${row['date']}`,
      feeds: {
        features: float32(
          names.map((name) => featureOf(row, name)),
          [1, names.length],
        ),
      },
      label: Number(row['price']),
      columns: { zipcode: row['zipcode'] ?? '', date: row['date'] ?? '' },
    }));
}

function featureOf(row: Readonly<Record<string, string>>, name: string): number {
  if (name.startsWith('log_')) return Math.log(Number(row[name.slice(4)]));
  if (name === 'renovated') return Number(row['yr_renovated']) > 0 ? 1 : 0;
  if (name === 'days_since_2014_05_01') {
    const date = row['date'] ?? '';
    return (
      (Date.UTC(Number(date.slice(0, 4)), Number(date.slice(4, 6)) - 1, Number(date.slice(6, 8))) -
        FIRST_DAY) /
      DAY
    );
  }
  return Number(row[name]);
}
