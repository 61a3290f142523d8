/** The simulation of docs/cascades.md: the page shows what it says, and it says what jobs do. */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { Spent } from "../support/app.js";
import { tree, treeApp } from "./tree.js";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const simulate = (...args: string[]): string[] =>
  execFileSync(process.execPath, ["scripts/simulate-cascade.mjs", ...args], { encoding: "utf8" })
    .trim()
    .split("\n");

test("docs/cascades.md shows its figures", () => {
  expect(readFileSync("docs/cascades.md", "utf8")).toContain(simulate().join("\n"));
});

test.each([[[2_600, 0]], [[400, 5, 0]], [[2, 2, 5, 150]]])(
  "%j: as many steps and documents as it says",
  async (fan) => {
    const [, , line] = simulate("1", fan.join(","));
    const [rows, steps, , read] = line!
      .split(" | ")
      .slice(1)
      .map((cell) => Number(cell.replaceAll(",", "")));
    const t = treeApp();
    const root = await tree(
      t,
      fan.filter((count) => count > 0),
    );
    const { job } = await t.sys((db) => db.delete("roots").where({ _id: root }));
    const done: Spent[] = [];
    t.onStep((spent) => void done.push(spent));
    await t.drain();
    const state = (await t.job(job))!;
    expect(state).toMatchObject({ status: "succeeded", rowsDone: rows });
    // A step may take from two levels, which the simulation does one after the other.
    expect(state.steps).toBeLessThanOrEqual(steps!);
    expect(state.steps).toBeGreaterThanOrEqual(steps! - fan.length + 1);
    const measured = done.reduce((sum, step) => sum + step.documentsRead, 0);
    expect(Math.abs(measured - read!) / read!).toBeLessThan(0.05);
  },
  120_000,
);
