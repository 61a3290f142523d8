import js from "@eslint/js";
import convex from "@convex-dev/eslint-plugin";
import { defineConfig } from "eslint/config";
import tseslint from "typescript-eslint";
import { outermost, rooms } from "./scripts/rooms.mjs";

const outside = { regex: "(^|/)(example|test|bench)/", message: "src/ knows neither the example nor the tests." };

const above = outermost.map((folder) => ({
  regex: `^(\\.\\./)+${folder}/`,
  message: `Nothing imports src/${folder}: it must not enter a function's bundle.`,
}));

/** One configuration a room: it names every import that would point upwards. */
const arrows = Object.entries(rooms).map(([room, allowed]) => {
  const forbidden = Object.keys(rooms).filter((other) => other !== room && !allowed.includes(other));
  return {
    files: [`src/client/${room}/**/*.ts`],
    ignores: ["**/*.test.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            outside,
            ...above,
            { regex: "^(\\.\\./)+orm\\.js$", message: `${room} lies below the public face.` },
            {
              regex: "/component/(?!_generated/)",
              message: "The client knows the component by its generated API only.",
            },
            ...forbidden.map((other) => ({
              regex: `^(\\.\\./)+${other}/`,
              message: `${room} lies below ${other}: arrows between rooms point down only.`,
            })),
          ],
        },
      ],
    },
  };
});

export default defineConfig(
  {
    ignores: [
      "dist/",
      "**/_generated/",
      "**/node_modules/",
      "coverage/",
      "convex.config.ts",
      "test/package/app/",
      "test/cli/apps/",
    ],
  },
  js.configs.recommended,
  tseslint.configs.recommended,
  {
    files: ["**/*.ts"],
    rules: {
      "max-lines": ["error", 400],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", varsIgnorePattern: "^_" }],
      "@typescript-eslint/consistent-type-imports": ["error", { disallowTypeAnnotations: false }],
      // A matter of layout, which a formatter decides.
      "no-unexpected-multiline": "off",
      // TypeScript finds undefined names itself.
      "no-undef": "off",
    },
  },
  {
    files: ["**/*.{js,mjs}"],
    languageOptions: {
      globals: Object.fromEntries(
        ["process", "console", "performance", "URL", "Buffer", "setTimeout"].map((name) => [name, "readonly"]),
      ),
    },
  },
  {
    // A promise that nobody awaits is a read or write that the transaction may not see.
    files: ["src/**/*.ts", "example/**/*.ts"],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/no-misused-promises": "error",
    },
  },
  {
    files: ["src/**/*.ts"],
    ignores: ["**/*.test.ts"],
    rules: { "no-restricted-imports": ["error", { patterns: [outside, ...above] }] },
  },
  {
    files: ["src/component/**/*.ts"],
    ignores: ["**/*.test.ts"],
    rules: {
      "no-restricted-imports": [
        "error",
        {
          patterns: [
            outside,
            ...above,
            { regex: "/client/", message: "The component is bundled by itself: it imports no client." },
          ],
        },
      ],
    },
  },
  ...arrows,
  ...convex.configs.recommended.map((config) => ({
    ...config,
    files: ["example/convex/**/*.ts", "src/component/**/*.ts"],
    rules: {
      ...config.rules,
      "@convex-dev/no-filter-in-query": "error",
      "@convex-dev/no-top-of-hour-crons": "error",
      "@convex-dev/no-collect-in-query": "error",
    },
  })),
  {
    // Tests hand over wrong values on purpose, and look at whole tables.
    files: ["**/*.test.ts", "test/**/*.ts"],
    rules: {
      "max-lines": ["error", 600],
      "@typescript-eslint/no-explicit-any": "off",
      "@typescript-eslint/no-unused-expressions": "off",
      "@convex-dev/no-collect-in-query": "off",
      "@convex-dev/no-filter-in-query": "off",
    },
  },
);
