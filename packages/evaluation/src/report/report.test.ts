import { parseHTML } from 'linkedom';
import { describe, expect, it } from 'vitest';
import { barChart, dotChart, stackChart } from './charts/index.js';
import { escapeHtml } from './escape-html.js';
import { type ReportDocument, renderHtml } from './html.js';

const HOSTILE = `<script>alert("1 & 2")</script>`;

const REPORT: ReportDocument = {
  title: `Report of ${HOSTILE}`,
  chapters: [
    {
      title: HOSTILE,
      sections: [
        { kind: 'text', text: HOSTILE },
        { kind: 'facts', facts: [[HOSTILE, HOSTILE]] },
        {
          kind: 'table',
          caption: HOSTILE,
          header: ['name', 'value'],
          rows: [
            [HOSTILE, '1.5'],
            ['b', '-2'],
          ],
        },
        {
          kind: 'bars',
          label: HOSTILE,
          description: HOSTILE,
          groups: [
            { name: HOSTILE, values: { float: 0.5, [HOSTILE]: 0.4 } },
            { name: 'second', values: { float: 0.25, [HOSTILE]: 0.2 } },
          ],
        },
        { kind: 'dots', label: 'dB', description: HOSTILE, points: [{ name: HOSTILE, value: 12 }] },
      ],
    },
  ],
};

describe('renderHtml', () => {
  const html = renderHtml(REPORT);
  const { document } = parseHTML(html);

  it('escapes every text, in markup, attributes and charts', () => {
    // Of the text itself, without quoted attributes: parsers differ in what they take for markup within a title.
    expect(html.replaceAll(/"[^"]*"/g, '')).not.toMatch(/<script/i);
    expect(document.querySelectorAll('script')).toHaveLength(0);
    for (const selector of ['h2', 'section > p', 'dt', 'dd', 'caption', 'td', 'figcaption']) {
      expect(document.querySelector(selector)?.textContent).toBe(HOSTILE);
    }
    expect(document.querySelector('title')?.textContent).toBe(`Report of ${HOSTILE}`);
    expect(document.querySelector('svg')?.getAttribute('aria-label')).toBe(HOSTILE);
  });

  it('needs nothing from outside the page', () => {
    const urls = [...html.matchAll(/(?:https?:)?\/\/[^\s"'<)]+/g)].map(([url]) => url);
    expect(urls.filter((url) => !url.includes('www.w3.org'))).toEqual([]);
    expect(html).not.toMatch(/<(link|img|iframe|object|embed|base)\b|@import|url\(/i);
  });

  it('is structured for screen readers: language, headings, captions, header cells, described charts', () => {
    expect(html.startsWith('<!doctype html>\n<html lang="en">')).toBe(true);
    expect(document.querySelectorAll('h1')).toHaveLength(1);
    expect([...document.querySelectorAll('th')].map((cell) => cell.getAttribute('scope'))).toEqual([
      'col',
      'col',
    ]);
    for (const svg of document.querySelectorAll('svg')) expect(svg.getAttribute('role')).toBe('img');
    expect(document.querySelectorAll('figure > svg')).toHaveLength(2);
  });

  it('aligns columns of numbers to the right', () => {
    const classes = [...document.querySelectorAll('th, td')].map((cell) => cell.className);
    expect(classes).toEqual(['', 'number', '', 'number', '', 'number']);
  });

  it('renders the same text each time', () => {
    expect(renderHtml(REPORT)).toBe(html);
  });
});

describe('barChart', () => {
  it('draws a bar for each group and series, as long as its value', () => {
    const svg = barChart(
      [
        { name: 'low', values: { float: 2, int8: 1 } },
        { name: 'high', values: { float: 4, int8: 3 } },
      ],
      { label: 'error', description: 'errors' },
    );
    const { document } = parseHTML(svg);
    const bars = [...document.querySelectorAll('g[aria-label="bar"] rect')];
    const widths = bars.map((bar) => Number(bar.getAttribute('width')));
    expect(widths).toHaveLength(4);
    const unit = (widths[0] ?? 0) / 2;
    expect(widths.map((width) => Math.round((width / unit) * 100) / 100)).toEqual([2, 1, 4, 3]);
    expect(document.documentElement?.textContent).toContain('low');
    expect(document.documentElement?.textContent).toContain('high');
  });

  it('leaves gaps for NaN and infinities, and draws nothing for no groups', () => {
    const svg = barChart([{ name: 'a', values: { x: Number.NaN, y: Number.POSITIVE_INFINITY, z: 1 } }], {
      label: 'l',
      description: 'd',
    });
    expect(parseHTML(svg).document.querySelectorAll('g[aria-label="bar"] rect')).toHaveLength(1);
    expect(svg).not.toMatch(/NaN|Infinity/);
    expect(barChart([], { label: 'l', description: 'd' })).not.toMatch(/NaN|Infinity/);
  });
});

describe('dotChart', () => {
  it('draws a dot and a line for each point', () => {
    const points = [
      { name: 'conv1', value: 12 },
      { name: 'conv2', value: 30 },
      { name: 'equal', value: Number.POSITIVE_INFINITY },
    ];
    const svg = dotChart(points, { label: 'dB', description: 'layers' });
    const { document } = parseHTML(svg);
    const dots = [...document.querySelectorAll('g[aria-label="dot"] circle')];
    const places = dots.map((dot) => Number(dot.getAttribute('cx')));
    expect(places).toHaveLength(2);
    expect(places[1]).toBeGreaterThan(places[0] ?? 0);
    expect(document.querySelectorAll('g[aria-label="rule"] line')).toHaveLength(2);
    for (const { name } of points) expect(document.documentElement?.textContent).toContain(name);
    expect(svg).not.toMatch(/NaN|Infinity/);
    expect(dotChart([], { label: 'dB', description: 'none' })).not.toMatch(/NaN|Infinity/);
  });
});

describe('charts of long names', () => {
  const name = (layer: number): string =>
    `/model/${'deep/'.repeat(30)}layers.${layer}/self_attention/q_proj/MatMul`;
  const options = { label: 'dB', description: 'layers' };

  it.each([
    [
      'dots',
      dotChart(
        [1, 2].map((layer) => ({ name: name(layer), value: layer })),
        options,
      ),
      'circle',
      'cx',
    ],
    [
      'bars',
      barChart(
        [1, 2].map((layer) => ({ name: name(layer), values: { a: layer } })),
        options,
      ),
      'rect',
      'width',
    ],
    [
      'stacks',
      stackChart(
        [1, 2].map((layer) => ({ name: name(layer), values: { a: layer } })),
        options,
      ),
      'rect',
      'width',
    ],
  ])('leave room for %s, and show the end of each name', (_, svg, mark, attribute) => {
    const { document } = parseHTML(svg);
    const marks = [...document.querySelectorAll(mark)].map((each) => Number(each.getAttribute(attribute)));
    expect(Math.max(...marks)).toBeGreaterThan(200);
    for (const layer of [1, 2])
      expect(document.documentElement?.textContent).toContain(`rs.${layer}/self_attention/q_proj/MatMul`);
    expect(document.documentElement?.textContent).not.toContain('deep/deep/deep/deep/');
  });
});

describe('escapeHtml', () => {
  it('escapes what ends text or a quoted attribute', () => {
    expect(escapeHtml(`a<b>&"c"'`)).toBe(`a&lt;b&gt;&amp;&quot;c&quot;'`);
  });
});
