import type { SegmentFigures } from '@octavo/evaluation';
import type { ReportDocument, Section } from '@octavo/evaluation/report';
import { comparisonHeader, comparisonSections } from './comparison-rows.js';
import { type DemoReport, isMeasured } from './demo-report.js';
import { duration, kilobytes, nodeCounts, percent, sizeRatio } from './figures.js';

type Chapter = ReportDocument['chapters'][number];

/** The report as a document with charts, for `renderHtml`. */
export function describeReport(report: DemoReport): ReportDocument {
  return {
    title: 'Property valuation in INT8',
    chapters: [
      summary(report),
      accuracy(report),
      agreement(report),
      sizes(report),
      latencies(report),
      placements(report),
    ],
  };
}

function summary(report: DemoReport): Chapter {
  const { machine, evaluation } = report;
  const { value, count, original } = evaluation.overall;
  return {
    title: 'In short',
    sections: [
      {
        kind: 'facts',
        facts: [
          ['error in INT8', `${percent(value)} mean absolute percentage error (MAPE) on ${count} sales`],
          ['error in float', original ? percent(original.value) : 'not measured'],
          ['accuracy retained', original ? percent(original.retention) : 'not measured'],
          ['size', `${kilobytes(report.sizes.int8)}, ${sizeRatio(report.sizes)} smaller than float`],
          ['calibrated on', `${report.calibrationSamples} other sales, observer ${report.observer}`],
          ['measured on', `${machine.cpu}, ${machine.platform}, Node ${machine.node}`],
        ],
      },
    ],
  };
}

function accuracy({ evaluation }: DemoReport): Chapter {
  const tables = comparisonSections(evaluation).map(
    ({ title, rows }): Section => ({
      kind: 'table',
      caption: title === 'all' ? 'All sales' : `By ${spaced(title)}`,
      header: [spaced(title), ...comparisonHeader],
      rows: rows.map(({ name, cells }) => [name, ...cells]),
    }),
  );
  return {
    title: 'Error against the price paid, by part of the market',
    sections: [...evaluation.segments.map(segmentChart), ...tables],
  };
}

function segmentChart({ by, segments }: SegmentFigures): Section {
  return {
    kind: 'bars',
    groups: segments.map(({ name, value, original }) => ({
      name,
      values: original ? { float: original.value, INT8: value } : { INT8: value },
    })),
    label: 'MAPE (%)',
    description: `Mean absolute percentage error by ${spaced(by)}`,
    percent: true,
  };
}

function agreement({ agreement: { mean, p95, largest, sqnr } }: DemoReport): Chapter {
  return {
    title: 'INT8 valuations against float valuations',
    sections: [
      {
        kind: 'facts',
        facts: [
          ['mean difference', percent(mean)],
          ['95% of the sales differ by less than', percent(p95)],
          ['largest difference', percent(largest)],
          ['signal to quantization noise of ln(price)', `${sqnr.toFixed(1)} dB`],
        ],
      },
    ],
  };
}

function sizes({ sizes: { float, int8 } }: DemoReport): Chapter {
  return {
    title: 'Size',
    sections: [
      {
        kind: 'bars',
        groups: [{ name: 'file', values: { float: float / 1000, INT8: int8 / 1000 } }],
        label: 'KB',
        description: 'Size of the model files',
      },
    ],
  };
}

function latencies({ latencies: entries }: DemoReport): Chapter {
  const measured = entries.filter(isMeasured);
  const backends = [...new Set(measured.map(({ backend }) => backend))];
  const series = { float: 'float', int8: 'INT8' } as const;
  return {
    title: 'Latency of one valuation',
    sections: [
      {
        kind: 'bars',
        groups: backends.map((name) => ({
          name,
          values: Object.fromEntries(
            measured
              .filter(({ backend }) => backend === name)
              .map(({ model, median }) => [series[model], median]),
          ),
        })),
        label: 'median, µs',
        description: 'Median time of one valuation, one thread',
      },
      {
        kind: 'table',
        caption: 'Times, and how many nodes each backend runs',
        header: ['backend', 'model', 'median', '95th percentile', 'nodes'],
        rows: entries.map((entry) =>
          isMeasured(entry)
            ? [
                entry.backend,
                series[entry.model],
                duration(entry.median),
                duration(entry.p95),
                nodeCounts(entry.nodes),
              ]
            : [entry.backend, entry.unavailable, '', '', ''],
        ),
      },
    ],
  };
}

function placements({ placements: nodes, stayedFloat }: DemoReport): Chapter {
  return {
    title: 'Where the INT8 model runs',
    sections: [
      {
        kind: 'table',
        caption: 'Nodes in the order in which they run',
        header: ['node', 'op', 'type', 'backend', 'kernel'],
        rows: nodes.map(({ node, op, dtype, backend, kernel }) => [node, op, dtype, backend, kernel]),
      },
      ...stayedFloat.map(
        ({ node, because }): Section => ({ kind: 'text', text: `${node} stayed float: ${because}` }),
      ),
    ],
  };
}

function spaced(name: string): string {
  return name.replaceAll('_', ' ');
}
