import { addEntRules, defineEnt, defineEntSchema, entsTableFactory, getEntDefinitions } from "convex-ents";
import { v } from "convex/values";
import type { GenericId } from "convex/values";
import type { Ctx } from "../data.js";

/** The same store, said as convex-ents wants it: edges in place of foreign keys. */
const schema = defineEntSchema({
  users: defineEnt({ name: v.string() })
    .edges("posts", { ref: "authorId" })
    .edges("memberships", { ref: true })
    .edges("notes", { ref: "ownerId" })
    .index("by_name", ["name"]),
  posts: defineEnt({
    status: v.string(),
    lang: v.string(),
    title: v.string(),
    rank: v.number(),
    score: v.number(),
    likes: v.optional(v.union(v.number(), v.null())),
  })
    .edge("author", { to: "users", field: "authorId" })
    .edges("comments", { ref: true })
    .index("by_author_and_rank", ["authorId", "rank"])
    .index("by_status_and_rank", ["status", "rank"])
    .index("by_lang_and_rank", ["lang", "rank"])
    .index("by_status_and_title", ["status", "title"])
    .index("by_score_and_title", ["score", "title"])
    .index("by_score", ["score"])
    .index("by_rank", ["rank"])
    .index("by_title", ["title"])
    .index("by_likes", ["likes"]),
  comments: defineEnt({ body: v.string(), likes: v.number() })
    .edge("post")
    .index("by_post_and_likes", ["postId", "likes"]),
  groups: defineEnt({ title: v.string() }).edges("memberships", { ref: true }),
  memberships: defineEnt({}).edge("user").edge("group"),
  notes: defineEnt({ rank: v.number(), text: v.string() })
    .edge("owner", { to: "users", field: "ownerId" })
    .index("by_owner_and_rank", ["ownerId", "rank"])
    .index("by_rank", ["rank"]),
  events: defineEnt({ kind: v.string(), at: v.number() }).index("by_kind_and_at", ["kind", "at"]),
});

const definitions = getEntDefinitions(schema);
type Given = Parameters<typeof entsTableFactory>[0];

/** convex-ents' table function for a context. */
export const entsOf = (ctx: Ctx) => entsTableFactory(ctx as unknown as Given, definitions);

/** The same under a rule: notes are their owners'. */
export const entsFor = (ctx: Ctx, as: GenericId<"users">) =>
  entsTableFactory(
    ctx as unknown as Given,
    addEntRules(definitions, { notes: { read: (note) => Promise.resolve(note.ownerId === as) } }),
  );
