export { SearchReader } from "./reader.js";
export { planNearest, readNearest, type NearestArgs } from "./hydrate.js";
export { findNearest, type VectorCtx } from "./nearest.js";
