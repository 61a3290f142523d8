import { orm, queryCtx } from "./blog.js";

const db = orm.with(queryCtx);

/** Results whose hovers `hover.node.test.ts` reads. */
export async function hovers() {
  const plain = await db.query.groups.findMany();
  const narrow = await db.query.posts.findMany({
    columns: { title: true },
    extras: { slug: (row) => row.title.toLowerCase() },
  });
  const nested = await db.query.users.findFirst({
    columns: { name: true },
    with: { team: true, posts: { columns: { title: true } } },
  });
  const junction = await db.query.users.findFirstOrThrow({
    columns: { name: true },
    with: { groups: { through: true } },
  });
  return { plain, narrow, nested, junction };
}
