#!/usr/bin/env node
// The `fescue` command: starts on any Node from 20 on, and runs on the pinned one.

import { run } from './bootstrap.mjs';

run('scripts/fescue.ts', process.argv.slice(2));
