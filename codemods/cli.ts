#!/usr/bin/env node
/** The `db-race` command. */
import { main } from './cli/main.ts';

// `db-race scan | head`: nobody reads on, which is no error of ours.
process.stdout.on('error', (error: NodeJS.ErrnoException) => { if (error.code === 'EPIPE') process.exit(0); throw error; });
void main(process.argv.slice(2), { cwd: process.cwd(), env: process.env, get in() { return process.stdin; }, out: process.stdout, err: process.stderr }).then((code) => { process.exitCode = code; });
