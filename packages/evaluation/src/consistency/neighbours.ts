import { EvaluationError } from '../evaluation-error.js';
import type { Scored } from '../metrics/index.js';
import { meanOf } from './change.js';

/** Columns that say where a sample is, in degrees. */
export interface Coordinates {
  readonly latitude: string;
  readonly longitude: string;
}

/** The mean of a figure over a sample and those nearest to it. */
export interface Neighbourhood {
  readonly id: string;
  readonly latitude: number;
  readonly longitude: number;
  readonly mean: number;
}

/**
 * For each sample the mean of `values` over itself and its nearest others by distance on the ground, so that a bias shows
 * that follows the map and no border. Largest mean first, by size.
 * @throws EvaluationError `SEGMENT_COLUMN`, `SEGMENT_NUMBER` for a sample without coordinates.
 */
export function neighbourhoods(
  samples: readonly Scored[],
  values: Float64Array,
  coordinates: Coordinates,
  size: number,
): Neighbourhood[] {
  const places = samples.map((sample) => placeOf(sample, coordinates));
  return places
    .map((place, index) => {
      const near = nearest(places, place, size);
      return {
        id: samples[index]?.id ?? '',
        latitude: place.latitude,
        longitude: place.longitude,
        mean: meanOf(values, near),
      };
    })
    .filter(({ mean }) => !Number.isNaN(mean))
    .sort((a, b) => Math.abs(b.mean) - Math.abs(a.mean));
}

interface Place {
  readonly latitude: number;
  readonly longitude: number;
  /** Length of a degree of longitude there, in degrees of latitude. */
  readonly shrink: number;
}

/** Positions of the `size` places nearest to one, itself among them, nearest first. */
function nearest(places: readonly Place[], centre: Place, size: number): number[] {
  const found: { readonly index: number; readonly distance: number }[] = [];
  places.forEach((place, index) => {
    const north = place.latitude - centre.latitude;
    const east = (place.longitude - centre.longitude) * centre.shrink;
    const distance = north * north + east * east;
    if (found.length === size && distance >= (found.at(-1)?.distance ?? 0)) return;
    const at = found.findIndex((each) => distance < each.distance);
    found.splice(at < 0 ? found.length : at, 0, { index, distance });
    found.length = Math.min(found.length, size);
  });
  return found.map(({ index }) => index);
}

function placeOf(sample: Scored, { latitude, longitude }: Coordinates): Place {
  const degrees = degreesOf(sample, latitude);
  return {
    latitude: degrees,
    longitude: degreesOf(sample, longitude),
    shrink: Math.cos((degrees * Math.PI) / 180),
  };
}

function degreesOf(sample: Scored, column: string): number {
  const cell = Object.hasOwn(sample.columns, column) ? sample.columns[column] : undefined;
  const number = cell === undefined || cell === '' ? Number.NaN : Number(cell);
  if (Number.isFinite(number)) return number;
  throw new EvaluationError({
    code: cell === undefined ? 'SEGMENT_COLUMN' : 'SEGMENT_NUMBER',
    where: sample.id,
    message:
      cell === undefined
        ? `it has no column ${column}.`
        : `column ${column} holds ${JSON.stringify(cell)}, no degrees.`,
    remedy: 'Name columns that hold degrees of latitude and longitude.',
  });
}
