import { reference } from '@octavo/reference';
import { describeBackend } from './describe-backend.js';

describeBackend(reference());
