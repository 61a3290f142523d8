// The rooms of src/client and what each may import, shared by eslint.config.js and the test of the tree.
const below = ["types", "schema", "predicate", "planner"];
const peers = ["executor", "policies", "mutations", "jobs", "search"];

/**
 * Every room, with the rooms that its files may import besides its own. `errors.ts` is open to all. `types` is the
 * public types alone, gone once compiled: it and the schema describe each other, and `explain` shows the planner's plan.
 */
export const rooms = {
  types: ["schema", "planner"],
  schema: ["types"],
  predicate: ["types", "schema"],
  planner: ["types", "schema", "predicate"],
  ...Object.fromEntries(peers.map((room) => [room, [...below, ...peers.filter((peer) => peer !== room)]])),
};

/** Folders of src/ beside the client that may use all of it, and that nothing imports: they enter no function's bundle. */
export const outermost = ["cli"];
