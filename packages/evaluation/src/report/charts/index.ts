export { type BarGroup, barChart, seriesOf, stackChart } from './bar-chart.js';
export { dotChart, type NamedNumber } from './dot-chart.js';
export { type ChartOptions, draw, legend } from './draw.js';
export { type HistogramOptions, histogramChart } from './histogram-chart.js';
export { groupsOf, type ScatterOptions, type ScatterPoint, scatterChart } from './scatter-chart.js';
