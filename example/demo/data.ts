import { readFileSync } from "node:fs";
import type { Chinook } from "../convex/lib/chinook.js";

/** The store's data. Read as a file, since importing it would have Vite turn a megabyte of JSON into a module. */
export const chinook = JSON.parse(readFileSync(new URL("../data/chinook.json", import.meta.url), "utf8")) as Chinook;
