export { SearchReader } from "./reader.js";
