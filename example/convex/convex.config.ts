import { defineApp } from "convex/server";
import orm from "convex-orm/convex.config";

const app = defineApp();
app.use(orm);

export default app;
