import type { CommandName } from "./args.js";

export const overview = `convex-orm: looks at what an app declares with convex-orm

Usage: convex-orm <command> [file] [options]

Commands
  diagram [file]   an entity-relationship diagram, as Mermaid or SVG
  doctor [file]    unindexed relations, redundant indexes, policies that no index serves, and more

The file is the module that exports \`new Orm(...)\`; by default orm.ts in the app's Convex folder. It is bundled and
run on this machine, as it is imported; no deployment is asked.

Options
  -h, --help       this text, or a command's
  -v, --version    the version
`;

export const helpOf: Readonly<Record<CommandName, string>> = {
  diagram: `Usage: convex-orm diagram [file] [options]

An entity-relationship diagram: tables with fields, keys and indexes, which are protected or soft-deleted, and relations
with their cardinalities and referential actions.

Options
  -f, --format mermaid|svg   what to write; by default what the name of --out says, else mermaid
  -o, --out FILE             where to, in place of stdout; .svg, .mmd, .md (a Mermaid block). May be given several times
  -p, --policies FILE        a module that exports what is given to orm.policies.sync: its tables are protected too
      --export NAME          the export to take, where the module makes several
  -h, --help                 this text

Exit codes: 0 done; 2 wrong usage, or the file cannot be loaded
`,
  doctor: `Usage: convex-orm doctor [file] [options]

What the schema, the relations, the options and the policies say that cannot work (errors), will hurt (warnings), or is
worth a look (notes), each with its remedy.

Options
  -p, --policies FILE   a module that exports what is given to orm.policies.sync: as default, as \`policies\`, or as its
                        only such export. Without it, policies are not looked at: they are stored in the deployment
      --json            one JSON object in place of text
      --strict          warnings fail too
      --export NAME     the export to take, where the module makes several
  -h, --help            this text

Exit codes: 0 no errors; 1 errors, or under --strict warnings; 2 wrong usage, or the file cannot be loaded
`,
};
