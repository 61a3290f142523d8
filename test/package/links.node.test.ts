import { execFileSync } from "node:child_process";
import fs from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";

const root = path.resolve(import.meta.dirname, "../..");
const pages = execFileSync("git", ["ls-files", "--cached", "--others", "--exclude-standard", "--", "*.md"], {
  cwd: root,
  encoding: "utf8",
})
  .split("\n")
  .filter((file) => file !== "" && fs.existsSync(path.join(root, file)));
const read = (page: string) => fs.readFileSync(path.join(root, page), "utf8");

/** The anchor that GitHub gives a heading. */
const anchorOf = (heading: string) =>
  heading
    .trim()
    .toLowerCase()
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/[^\p{L}\p{N}\- _]/gu, "")
    .replaceAll(" ", "-");

/** What is wrong with the relative links of a text that stands at `page`. */
function deadLinks(page: string, text: string): string[] {
  const prose = text.replace(/^ *```[\s\S]*?^ *```$/gm, "");
  return [...prose.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link]) => {
    if (/^\w+:/.test(link!)) return [];
    const [file, anchor] = link!.split("#") as [string, string?];
    const target = file === "" ? page : path.normalize(path.join(path.dirname(page), file));
    if (!fs.existsSync(path.join(root, target))) return [`${page}: ${link} leads nowhere`];
    if (anchor === undefined) return [];
    const headings = [...read(target).matchAll(/^#+ (.+)$/gm)].map(([, heading]) => anchorOf(heading!));
    return headings.includes(anchor) ? [] : [`${page}: ${link} names no heading`];
  });
}

test("links between pages lead to a page, and to one of its headings", () => {
  expect(pages.length).toBeGreaterThan(15);
  expect(pages.flatMap((page) => deadLinks(page, read(page)))).toEqual([]);
});

test("a dead link would be found", () => {
  expect(deadLinks("docs/queries.md", "[a](nowhere.md) [b](policies.md#no-such) [c](policies.md#the-rules)")).toEqual([
    "docs/queries.md: nowhere.md leads nowhere",
    "docs/queries.md: policies.md#no-such names no heading",
  ]);
});
