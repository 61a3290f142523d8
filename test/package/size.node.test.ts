import { expect, test } from "vitest";
import { measureClient } from "../../scripts/size.mjs";

/**
 * Functions are cold-started with the client, and `Orm` is one class: whoever reads has the writers in the bundle too.
 * The ceiling is a little above what was measured when all rooms were there; growth past it is to be noticed.
 */
const ceiling = 76 * 1024;

test("a bundle that sets the client up and uses findMany stays below its ceiling, gzipped, convex left out", async () => {
  const { gzipped } = await measureClient();
  expect(gzipped).toBeLessThan(ceiling);
});
