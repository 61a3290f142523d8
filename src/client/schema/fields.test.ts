import { v } from "convex/values";
import { describe, expect, it } from "vitest";
import { anyType, typeBit } from "./catalog.js";
import { canBeEmptied, fieldResolver } from "./fields.js";

const field = fieldResolver(
  "things",
  v.object({
    name: v.string(),
    age: v.optional(v.number()),
    big: v.int64(),
    ref: v.union(v.id("users"), v.null()),
    either: v.union(v.id("users"), v.id("teams")),
    idOrText: v.union(v.id("users"), v.string()),
    role: v.union(v.literal("a"), v.literal(1), v.literal(true)),
    profile: v.optional(v.object({ city: v.string(), geo: v.object({ lat: v.optional(v.number()) }) })),
    shape: v.union(
      v.object({ kind: v.literal("circle"), size: v.number() }),
      v.object({ kind: v.literal("square"), size: v.string(), deep: v.object({ x: v.bytes() }) }),
      v.null(),
    ),
    scores: v.record(v.string(), v.object({ value: v.number() })),
    anything: v.any(),
    mixed: v.union(v.object({ x: v.number() }), v.any()),
    list: v.array(v.string()),
  }),
);

describe("fields", () => {
  it("knows the system fields", () => {
    expect(field("_id")).toMatchObject({ types: typeBit.string, idTable: "things", optional: false });
    expect(field("_creationTime")).toMatchObject({ types: typeBit.float64, idTable: null, optional: false });
  });

  it("reads types, absence and ids of top-level fields", () => {
    expect(field("name")).toMatchObject({ types: typeBit.string, optional: false, idTable: null });
    expect(field("age")).toMatchObject({ types: typeBit.float64, optional: true });
    expect(field("big")).toMatchObject({ types: typeBit.int64 });
    expect(field("ref")).toMatchObject({ types: typeBit.string | typeBit.null, idTable: "users", optional: false });
    expect(field("either")).toMatchObject({ types: typeBit.string, idTable: null });
    expect(field("idOrText")).toMatchObject({ idTable: null });
    expect(field("role")).toMatchObject({ types: typeBit.string | typeBit.float64 | typeBit.boolean });
    expect(field("list")).toMatchObject({ types: typeBit.array });
  });

  it("follows dotted paths through optional objects, unions, records and any", () => {
    expect(field("profile.city")).toMatchObject({ types: typeBit.string, optional: true });
    expect(field("profile.geo.lat")).toMatchObject({ types: typeBit.float64, optional: true });
    expect(field("shape.kind")).toMatchObject({ types: typeBit.string, optional: true });
    expect(field("shape.size")).toMatchObject({ types: typeBit.float64 | typeBit.string });
    expect(field("shape.size")?.validators).toHaveLength(2);
    expect(field("shape.deep.x")).toMatchObject({ types: typeBit.bytes, optional: true });
    expect(field("scores.math")).toMatchObject({ types: typeBit.object, optional: true });
    expect(field("scores.math.value")).toMatchObject({ types: typeBit.float64, optional: true });
    expect(field("anything")).toMatchObject({ types: anyType, optional: false, validators: [] });
    expect(field("anything.a.b")).toMatchObject({ types: anyType, optional: true, validators: [] });
    expect(field("mixed.x")).toMatchObject({ types: anyType, optional: true, validators: [] });
  });

  it("has none for what the schema lacks", () => {
    for (const path of [
      "",
      "nope",
      "name.x",
      "profile.town",
      "profile.",
      ".name",
      "list.0",
      "shape.deep.y",
      "toString",
    ]) {
      expect(field(path), path).toBeNull();
    }
  });

  it("remembers what it resolved", () => {
    expect(field("profile.city")).toBe(field("profile.city"));
    expect(Object.isFrozen(field("profile.city"))).toBe(true);
  });

  it("makes a field that only some documents of a union have optional", () => {
    const shape = fieldResolver(
      "shapes",
      v.union(v.object({ kind: v.literal("a"), x: v.number() }), v.object({ kind: v.literal("b") })),
    );
    expect(shape("kind")).toMatchObject({ optional: false });
    expect(shape("x")).toMatchObject({ optional: true, types: typeBit.float64 });
    expect(fieldResolver("any", v.any())("x.y")).toMatchObject({ types: anyType });
  });

  it("tells what set null can empty: the leaf itself, not its parent", () => {
    expect(canBeEmptied(field("age")!)).toBe(true);
    expect(canBeEmptied(field("ref")!)).toBe(true);
    expect(canBeEmptied(field("name")!)).toBe(false);
    expect(canBeEmptied(field("profile.city")!)).toBe(false);
    expect(canBeEmptied(field("profile.geo.lat")!)).toBe(true);
    expect(canBeEmptied(field("anything")!)).toBe(true);
  });
});
