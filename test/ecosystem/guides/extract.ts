/** A guide's app: its files by their path, as the reader would have them after copying the snippets in order. */
export type App = Readonly<Record<string, string>>;

/** One task of a guide: what its numbered heading says, and the snippets of both sides as they are printed. */
export interface Task {
  readonly title: string;
  readonly before: string;
  readonly after: string;
}

const heading = /^## \d+\. (.+)$/;
const fence = /^```ts (before|after)$/;

/**
 * Reads the tasks of a guide: headings `## 3. Title`, and below each the code blocks that say "before" and "after" on
 * their fence. A block's lines `// convex/x.ts` name the file that what follows belongs to.
 */
export function tasksOf(markdown: string): Task[] {
  const tasks: { title: string; before: string; after: string }[] = [];
  let open: "before" | "after" | undefined;
  for (const line of markdown.split("\n")) {
    const title = heading.exec(line)?.[1];
    const side = fence.exec(line)?.[1] as "before" | "after" | undefined;
    if (open === undefined && title !== undefined) tasks.push({ title, before: "", after: "" });
    else if (open === undefined && side !== undefined) open = side;
    else if (line === "```") open = undefined;
    else if (open !== undefined) tasks.at(-1)![open] += `${line}\n`;
  }
  return tasks;
}

const file = /^\/\/ (convex\/[\w/]+\.ts)$/;

/** All snippets of one side, put together file by file. Code before any file's name is refused. */
export function appOf(tasks: readonly Task[], side: "before" | "after"): App {
  const files: Record<string, string> = {};
  for (const task of tasks) {
    let path: string | undefined;
    for (const line of task[side].split("\n")) {
      path = file.exec(line)?.[1] ?? path;
      if (path !== undefined) files[path] = `${files[path] ?? ""}${line}\n`;
      else if (line !== "") throw new Error(`${task.title}, ${side}: no file is named before: ${line}`);
    }
  }
  return files;
}
