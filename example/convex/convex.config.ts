import { defineApp } from "convex/server";
// In your app: import orm from "convex-orm/convex.config";
import orm from "../../convex.config.js";

const app = defineApp();
app.use(orm);

export default app;
