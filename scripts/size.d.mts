/** Sizes in bytes of a bundle that sets the client up and calls `findMany`, `convex` left out. */
export declare function measureClient(): Promise<{
  minified: number;
  gzipped: number;
  /** Minified bytes by folder of src/client; "face" is its top level. */
  rooms: Record<string, number>;
}>;
