/** Every room of src/client, with the rooms that its files may import besides its own. */
export declare const rooms: Record<string, readonly string[]>;
