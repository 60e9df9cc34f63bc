/** What `--help` says: enough to use each command without the documentation. */

const PROJECT = `
What the tool is told of the project (as settings['db-race'] of an ESLint config)
  --schema PATH        file, folder or glob that declares the schema, instead of what is found (repeatable)
  --no-schema          read no schema
  --assume-unique KEY  a unique key that no schema declares: "users(email)" (repeatable)
  --dialect NAME       postgres, mysql or sqlite, where the schema does not say
  --clients a,b        only these libraries
  --no-follow-imports  do not read imported files
  --settings FILE      all settings, as JSON or a module with a default export`;

const FILES = `
Which files
  [paths]              files, folders and quoted globs; default: the working directory
  --ignore GLOB        leave out (repeatable, or a,b); "dist" fits at any depth
  --ignore-file FILE   leave out what FILE says, written as .gitignore is (repeatable)
  --no-ignore          also what .gitignore and the presets (tests, seeds, migrations, scripts) leave out
  --allow-errors       files that cannot be read or parsed do not make the exit code 2
${PROJECT}`;

export const HELP = {
  '': `db-race finds database read-then-write races in TypeScript and JavaScript, and rewrites them.

Usage: db-race <command> [options]

  scan [paths]       report the races
  migrate [paths]    show the rewrites as a diff, or write them
  unify-upserts [paths]
                     one function for a table that is written by different keys
  explain <what>     a finding (file:line) as a timeline of two calls, or a rule's page
  keys [path]        the unique keys that the project declares, as read

  db-race <command> --help   what a command does, and its options
  db-race --version

Exit codes: 0 nothing found, or everything rewritten; 1 findings, pending changes or refusals left; 2 wrong usage, unread
files or an error; 130 stopped with Ctrl-C.
Environment: NO_COLOR, FORCE_COLOR.

Start with:  db-race scan src`,

  scan: `db-race scan [paths]: reports the races, as ESLint would with the same rules, without ESLint.

  db-race scan                              everything below the working directory
  db-race scan src --rule no-find-then-insert
  db-race scan --config strict              also races with one open question
  db-race scan --format sarif --output races.sarif
  db-race scan --format html --output races.html

Options
  --format NAME        stylish (default), json, sarif (2.1.0), github (annotations of a workflow) or html (one page, with
                       both calls in two lanes, filters and search)
  --output FILE        write the report there instead of to the terminal
  --baseline FILE      findings that stand in FILE are not shown and do not fail; stale entries are told
  --update-baseline    write the present findings to the file of --baseline
  --changed [COMMIT]   only files that differ from COMMIT (default: HEAD), and those that import them
  --rule NAME          only this rule (repeatable, or a,b)
  --config NAME        recommended (default): complete evidence only; strict: also one open question
  --workers N          threads at work; default: one, and more of them where there are many files and cores
${FILES}

Comments of ESLint silence a report here too: // eslint-disable-next-line db-race/<rule> -- why
Exit codes: 0 no race, 1 races, 2 wrong usage, or a file could not be looked at.`,

  migrate: `db-race migrate [paths]: rewrites races where it can state why the new code is right.

  db-race migrate src                        the diff, and what is refused and why; writes nothing
  db-race migrate src --write                changes the files (needs a clean git work tree)
  db-race migrate src --interactive          one race at a time: accept, skip, explain, quit
  db-race migrate src --check                for CI: the summary without the diff
  db-race migrate src --migrations keys.sql  the unique keys that refused rewrites need, as SQL

Options
  --write              change the files, each in one step
  --interactive        ask about each rewrite on the terminal; what was accepted is written after the last answer, or after
                       quit; Ctrl-C writes nothing (needs a clean git work tree, too)
  --allow-dirty        also where git has uncommitted changes, or where there is no git
  --check              write nothing and print no diff
  --verify             type-check the changed files with each tsconfig that holds them, and take back every rewrite that adds
                       an error, there or in a file that imports them
  --accept CONDITION   vouch for a condition that cannot be proven (repeatable, or a,b); refusals name them
  --migrations FILE    write the SQL that refusals ask for, with the query that finds duplicates already there
  --rule NAME          only this rule (repeatable, or a,b)
  --workers N          threads at work; default: one, and more of them where there are many files and cores
${FILES}

Read "changes:" below each rewrite: what is different afterwards.
Exit codes: 0 no race is left that these rules report, 1 pending changes, refused or skipped ones, 2 wrong usage, a dirty
work tree, or a file could not be looked at; 130 stopped with Ctrl-C.`,

  'unify-upserts': `db-race unify-upserts [paths]: gives a table that several places write by different keys one function, and lets all of them
call it. consistent-conflict-key reports such places.

  db-race unify-upserts src                          the diff, or why there is none; writes nothing
  db-race unify-upserts src --table users --write    one table; changes the files (needs a clean git work tree)
  db-race unify-upserts src --into src/db/users.ts   where the function goes

Options
  --table NAME         only this table, by its name in code or in the database
  --into FILE          the file of the function, new or not; default: a new one beside the places
  --write              change the files; all of a table's, or none
  --allow-dirty        also where git has uncommitted changes, or where there is no git
  --check              print no diff; exit code 1 when there are pending changes
  --accept CONDITION   vouch for a condition that cannot be proven (repeatable, or a,b); refusals name them
  --verify             type-check the whole program, not only the changed files and those that import them
${FILES}

Give it all files that may write the table: a place that is not among them goes on looking for the row in its own way.
The function looks for the row by each key that it was given, updates what it finds by its id, else inserts; where somebody else was
faster, it looks again. Each place keeps its values, its order of keys and its answer. It is refused where places do different things
with a row that is there, hand on different columns, or run in a transaction, and the types of what was changed are checked.
Exit codes: 0 done or nothing to do, 1 refused tables or pending changes (--check), 2 wrong usage, a dirty work tree, or a file could not
be looked at.`,

  keys: `db-race keys [path]: the unique keys as read, where each was declared, and what could not be read.

  db-race keys                       of the project around the working directory
  db-race keys packages/api          of that package
  db-race keys --table User
  db-race keys prisma/schema.prisma  of this file alone

Options
  --table NAME         only this table, by its name in code or in the database
  --format NAME        stylish (default) or json
${PROJECT}

Rewrites need a full unique key: one that is partial, or has an expression, is shown with what makes it so.
Exit codes: 0 read, 2 wrong usage, or no schema was found.`,

  explain: `db-race explain <file:line | rule>: what two calls do, statement by statement, what the user sees, which key decides, and why
a rewrite is offered or not.

  db-race explain src/users.ts:12         the line of the report, or of the read
  db-race explain no-find-then-insert     the page of a rule
${PROJECT}

Exit codes: 0 explained, 1 nothing is reported at this line, 2 wrong usage, or the file cannot be read.`,
} as const;
