import orm from "convex-orm/convex.config";
import { defineApp } from "convex/server";

const app = defineApp();
app.use(orm);

export default app;
