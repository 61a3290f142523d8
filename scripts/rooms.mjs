// The rooms of src/client and what each may import, shared by eslint.config.js and the test of the tree.
const below = ["schema", "predicate", "planner"];
const peers = ["executor", "policies", "mutations", "jobs", "search"];

/** Every room, with the rooms that its files may import besides its own. `errors.ts` is open to all. */
export const rooms = {
  schema: [],
  predicate: ["schema"],
  planner: ["schema", "predicate"],
  ...Object.fromEntries(peers.map((room) => [room, [...below, ...peers.filter((peer) => peer !== room)]])),
};
