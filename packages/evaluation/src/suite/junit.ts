import { DOMParser } from 'linkedom';
import type { GateResult } from './gate.js';
import type { CheckReport } from './report.js';

type XmlDocument = ReturnType<typeof emptyDocument>;
type XmlElement = ReturnType<XmlDocument['createElement']>;

const GROUPS: readonly GateResult['group'][] = [
  'accuracy',
  'fidelity',
  'performance',
  'stability',
  'domain',
  'snapshot',
];

/** A check as JUnit XML: one suite a group, one case a limit. */
export function checkJunit(report: CheckReport): string {
  const document = emptyDocument();
  const root = document.documentElement;
  if (!root) throw new RangeError('the document has a root');
  describe(root, `octavo check ${report.model}`, report.gates);
  for (const group of GROUPS) {
    const gates = report.gates.filter((gate) => gate.group === group);
    if (gates.length === 0) continue;
    const suite = document.createElement('testsuite');
    describe(suite, group, gates);
    for (const gate of gates) suite.appendChild(caseOf(document, gate));
    root.appendChild(suite);
  }
  return `<?xml version="1.0" encoding="utf-8"?>\n${root.toString()}\n`;
}

function emptyDocument() {
  return new DOMParser().parseFromString('<testsuites></testsuites>', 'text/xml');
}

function describe(element: XmlElement, name: string, gates: readonly GateResult[]): void {
  element.setAttribute('name', printable(name));
  element.setAttribute('tests', String(gates.length));
  for (const [attribute, status] of [
    ['failures', 'failed'],
    ['skipped', 'skipped'],
  ] as const)
    element.setAttribute(attribute, String(gates.filter((gate) => gate.status === status).length));
}

function caseOf(document: XmlDocument, { group, name, status, because }: GateResult): XmlElement {
  const element = document.createElement('testcase');
  element.setAttribute('classname', group);
  element.setAttribute('name', printable(name));
  if (status !== 'passed') {
    const detail = document.createElement(status === 'failed' ? 'failure' : 'skipped');
    detail.setAttribute('message', printable(because));
    element.appendChild(detail);
  }
  return element;
}

/** XML has no control characters, not even escaped. */
function printable(text: string): string {
  return Array.from(text, (each) => (each < ' ' ? ' ' : each)).join('');
}
