import { describeBackend } from '@octavo/conformance';
import { reference } from './index.js';

describeBackend(reference());
