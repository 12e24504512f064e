import { parseHTML } from 'linkedom';
import { expect, it } from 'vitest';
import { rooflineChart } from './roofline.js';

const POINTS = [
  { series: 'octavo', name: '<wide>', intensity: 100, gops: 150 },
  { series: 'peer', name: 'narrow', intensity: 0.5, gops: 5 },
];

it('draws a dot for each point, named, under the limits of the machine', () => {
  const svg = rooflineChart(POINTS, { peak: 200, bandwidth: 20, description: 'a roofline' });
  const { document } = parseHTML(`<html><body>${svg}</body></html>`);
  expect(document.querySelectorAll('circle')).toHaveLength(2);
  expect([...document.querySelectorAll('circle title')].map((title) => title.textContent)).toEqual([
    '<wide>, octavo: 150.0 GOPS',
    'narrow, peer: 5.0 GOPS',
  ]);
  expect(document.querySelectorAll('[stroke-dasharray]')).toHaveLength(2);
  expect(svg).toContain('aria-label="a roofline"');
});

it('draws no limits that are not known', () => {
  const svg = rooflineChart(POINTS, { peak: 0, bandwidth: 0, description: 'a roofline' });
  expect(svg).not.toContain('stroke-dasharray');
});
