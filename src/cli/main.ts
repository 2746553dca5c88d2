#!/usr/bin/env node
/** The executable. What is told to V8 must be told before it reads the rest. */
import { compileAhead, isLongRunning } from './compile-ahead.js';

if (isLongRunning(process.argv[2])) compileAhead();
await import('./process.js');
