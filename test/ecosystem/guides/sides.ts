import type { App } from "./extract.js";

/** Replaces text that must be there. */
function edit(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`not found: ${from}`);
  return text.replaceAll(from, to);
}

const file = (app: App, name: string) => app[`convex/${name}.ts`]!;

/** One function that reads and writes through both, in one transaction. */
const both = (old: string) => `
import { v } from "convex/values";
import { mutation } from "./functions";
import { orm } from "./orm";
export const turns = mutation({
  args: { id: v.id("posts") },
  handler: async (ctx, { id }) => {
    const db = orm.with(ctx);
    const seen: unknown[] = [];
    ${old}
    seen.push((await db.query.posts.findUnique({ where: { _id: id } }))?.likes);
    await db.update("posts").set({ likes: 101 }).where({ _id: id });
    seen.push(await oldLikes());
    return seen;
  },
});
`;

/**
 * An app in the middle of its move, as the guides say to arrange it: the functions of both sides deployed together
 * (`old.ts` and `blog.ts`), and one that uses both.
 */
export function betweenEntsAndOrm(before: App, after: App): App {
  let schema = file(after, "schema");
  // The indexes that ents uses and the plain schema need not have.
  schema = edit(schema, `.index("by_status", `, `.index("authorId", ["authorId"]).index("by_status", `);
  schema = edit(
    schema,
    `.index("groupId", ["groupId"])`,
    `.index("groupId", ["groupId"]).index("userId_groupId", ["userId", "groupId"]).index("groupId_userId", ["groupId", "userId"])`,
  );
  return {
    "convex/schema.ts": schema,
    "convex/ents.ts": edit(file(before, "schema"), "export default schema;", ""),
    "convex/functions.ts": edit(file(before, "functions"), `"./schema"`, `"./ents"`),
    "convex/old.ts": edit(file(before, "blog"), `"./schema"`, `"./ents"`),
    "convex/orm.ts": file(after, "orm"),
    "convex/policies.ts": file(after, "policies"),
    "convex/blog.ts": file(after, "blog"),
    "convex/both.ts": both(
      `const oldLikes = async () => (await ctx.table("posts").getX(id)).likes;
       await ctx.table("posts").getX(id).patch({ likes: 100 });`,
    ),
  };
}

/** The same for better-convex, whose schema stays in place meanwhile. */
export function betweenBetterAndOrm(before: App, after: App): App {
  return {
    "convex/schema.ts": file(before, "schema"),
    "convex/functions.ts": file(before, "functions"),
    "convex/old.ts": file(before, "blog"),
    "convex/secured.ts": file(before, "secured"),
    "convex/plain.ts": file(after, "schema"),
    "convex/orm.ts": edit(file(after, "orm"), `"./schema"`, `"./plain"`),
    "convex/policies.ts": file(after, "policies"),
    "convex/blog.ts": file(after, "blog"),
    "convex/both.ts": both(
      `const oldLikes = async () => (await ctx.orm.query.posts.findFirst({ where: { id } }))?.likes;
       await ctx.orm.update(posts).set({ likes: 100 }).where(eq(posts.id, id));`,
    ).replace(
      `import { v }`,
      `import { eq } from "better-convex/orm";\nimport { posts } from "./schema";\nimport { v }`,
    ),
  };
}
