/** Every room of src/client, with the rooms that its files may import besides its own. */
export declare const rooms: Record<string, readonly string[]>;
/** Folders of src/ beside the client that may use all of it, and that nothing imports. */
export declare const outermost: readonly string[];
