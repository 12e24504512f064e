import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { type Browser, chromium, type Page } from 'playwright-core';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { EVERY_SECTION } from '../../tests/every-section.js';
import { renderHtml } from './html.js';

const EXECUTABLE = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find(
  existsSync,
);

describe.skipIf(EXECUTABLE === undefined)('a report in a browser', () => {
  let folder: string;
  let browser: Browser;
  let page: Page;
  const requests: string[] = [];
  const problems: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'octavo-report-'));
    const file = join(folder, 'report.html');
    writeFileSync(file, renderHtml(EVERY_SECTION));
    browser = await chromium.launch({ executablePath: EXECUTABLE ?? '' });
    page = await browser.newPage({ viewport: { width: 1100, height: 800 } });
    page.on('request', (request) => requests.push(request.url()));
    page.on('console', (message) => problems.push(message.text()));
    page.on('pageerror', (error) => problems.push(String(error)));
    await page.goto(pathToFileURL(file).href);
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('loads nothing else and has nothing to complain about', () => {
    expect(requests).toHaveLength(1);
    expect(problems).toEqual([]);
  });

  it('draws every chart with its colours', async () => {
    const charts = await page.locator('svg').all();
    expect(charts).toHaveLength(7);
    for (const chart of charts) expect(await inkOf(await chart.screenshot())).toBeGreaterThan(0.0005);
  });

  it.each([1100, 380])('fits a window of %i pixels; only tables scroll', async (width) => {
    await page.setViewportSize({ width, height: 800 });
    const wider: string[] = [];
    for (const box of await page.locator('svg, p, dl, h1, h2, .scroll, figcaption').all()) {
      const { x = 0, width: own = 0 } = (await box.boundingBox()) ?? {};
      if (x + own > width + 1) wider.push((await box.textContent()) ?? '');
    }
    expect(wider).toEqual([]);
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(width);
  });

  it('tells screen readers its headings, tables and charts', async () => {
    const tree = await page.locator('body').ariaSnapshot();
    expect(tree).toContain('heading "Every section" [level=1]');
    expect(tree).toContain('heading "Charts" [level=2]');
    expect(tree).toMatch(/navigation "Contents":/);
    expect(tree).toContain('region "Values"');
    expect(tree).toContain('table "Values"');
    expect(tree).toContain('columnheader "value"');
    expect(tree).toContain('img "Bars by group."');
    expect(tree).toContain('img "weight_0: Weights. int8"');
    expect(await page.locator('svg > title').allTextContents()).toContain('Bars by group.');
  });

  it('is readable in print: no navigation, no table cut off, black on white', async () => {
    await page.setViewportSize({ width: 1100, height: 800 });
    await page.emulateMedia({ media: 'print' });
    const isVisible = await page.locator('nav').isVisible();
    const overflow = await page.evaluate<string>(
      "getComputedStyle(document.querySelector('.scroll')).overflowX",
    );
    const pdf = await page.pdf({ format: 'A4' });
    await page.emulateMedia({ media: 'screen' });
    expect([isVisible, overflow]).toEqual([false, 'visible']);
    expect(pdf.subarray(0, 5).toString()).toBe('%PDF-');
  });

  it('follows a dark scheme, with text that stands out', async () => {
    await page.emulateMedia({ colorScheme: 'dark' });
    const dark = await sharp(await page.screenshot())
      .greyscale()
      .stats();
    await page.emulateMedia({ colorScheme: 'light' });
    const light = await sharp(await page.screenshot())
      .greyscale()
      .stats();
    expect(dark.channels[0]?.mean).toBeLessThan(80);
    expect(light.channels[0]?.mean).toBeGreaterThan(200);
    expect(dark.channels[0]?.max).toBeGreaterThan(200);
  });
});

/** Share of the pixels that have a colour: neither grey, black nor white. */
async function inkOf(png: Buffer): Promise<number> {
  const { data, info } = await sharp(png).removeAlpha().raw().toBuffer({ resolveWithObject: true });
  let coloured = 0;
  for (let i = 0; i < data.length; i += info.channels) {
    const [red = 0, green = 0, blue = 0] = data.subarray(i, i + 3);
    if (Math.max(red, green, blue) - Math.min(red, green, blue) > 12) coloured++;
  }
  return coloured / (info.width * info.height);
}
