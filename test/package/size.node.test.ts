import { expect, test } from "vitest";
import { measureClient } from "../../scripts/size.mjs";

test("a bundle that sets the client up and uses findMany stays below 24 KB gzipped, convex left out", async () => {
  const { gzipped } = await measureClient();
  expect(gzipped).toBeLessThan(24 * 1024);
});
