/* eslint-disable */
/**
 * Generated `ComponentApi` utility.
 *
 * THIS CODE IS AUTOMATICALLY GENERATED.
 *
 * To regenerate, run `npx convex dev`.
 * @module
 */

import type { FunctionReference } from "convex/server";

/**
 * A utility for referencing a Convex component's exposed API.
 *
 * Useful when expecting a parameter like `components.myComponent`.
 * Usage:
 * ```ts
 * async function myFunction(ctx: QueryCtx, component: ComponentApi) {
 *   return ctx.runQuery(component.someFile.someQuery, { ...args });
 * }
 * ```
 */
export type ComponentApi<Name extends string | undefined = string | undefined> =
  {
    cursors: {
      rotate: FunctionReference<"mutation", "internal", {}, null, Name>;
    };
    jobs: {
      attest: FunctionReference<
        "query",
        "internal",
        {
          id: string;
          session: string | null;
          items: Array<{ id: string; work: string }>;
        },
        boolean,
        Name
      >;
      cancel: FunctionReference<
        "mutation",
        "internal",
        { id: string },
        null,
        Name
      >;
      get: FunctionReference<
        "query",
        "internal",
        { id: string },
        {
          _id: string;
          kind: string;
          status: "pending" | "running" | "succeeded" | "failed" | "cancelled";
          rowsDone: number;
          frontier: number;
          steps: number;
          attempts: number;
          error: string | null;
          createdAt: number;
          startedAt?: number;
          finishedAt?: number;
        } | null,
        Name
      >;
      held: FunctionReference<
        "query",
        "internal",
        { keys: Array<string> },
        Array<string>,
        Name
      >;
      holding: FunctionReference<
        "query",
        "internal",
        { keys: Array<string> },
        Array<{ id: string; work: string }>,
        Name
      >;
      list: FunctionReference<
        "query",
        "internal",
        {
          status?: "pending" | "running" | "succeeded" | "failed" | "cancelled";
          limit?: number;
        },
        Array<{
          _id: string;
          kind: string;
          status: "pending" | "running" | "succeeded" | "failed" | "cancelled";
          rowsDone: number;
          frontier: number;
          steps: number;
          attempts: number;
          error: string | null;
          createdAt: number;
          startedAt?: number;
          finishedAt?: number;
        }>,
        Name
      >;
      purge: FunctionReference<
        "mutation",
        "internal",
        { olderThanMs?: number },
        number,
        Name
      >;
      retry: FunctionReference<
        "mutation",
        "internal",
        { id: string; handle: string },
        null,
        Name
      >;
      start: FunctionReference<
        "mutation",
        "internal",
        {
          kind: string;
          handle: string;
          table: string;
          rowsDone: number;
          items: Array<{ work: string; holds?: Array<string> }>;
          session?: string;
          actor?: string;
          delayMs?: number;
          retry: { attempts: number; initialBackoffMs: number; base: number };
          stepRows: number;
          stepBytes: number;
        },
        string,
        Name
      >;
      takeBack: FunctionReference<
        "mutation",
        "internal",
        { items: Array<{ id: string; work: string | null }> },
        null,
        Name
      >;
    };
    policies: {
      drop: FunctionReference<
        "mutation",
        "internal",
        { table: string; name: string; actor?: string },
        null,
        Name
      >;
      history: FunctionReference<
        "query",
        "internal",
        { table?: string; limit?: number },
        Array<{
          table: string;
          name: string | null;
          action: "add" | "change" | "remove" | "protect" | "unprotect";
          actor: string | null;
          at: number;
          before: string | null;
          after: string | null;
        }>,
        Name
      >;
      list: FunctionReference<
        "query",
        "internal",
        { table?: string },
        Array<{
          table: string;
          version: number;
          policies: Array<{
            name: string;
            as: "permissive" | "restrictive";
            for: "all" | "select" | "insert" | "update" | "delete";
            to?: Array<string>;
            using?: string;
            withCheck?: string;
          }>;
        }>,
        Name
      >;
      protect: FunctionReference<
        "mutation",
        "internal",
        { table: string; actor?: string },
        null,
        Name
      >;
      register: FunctionReference<
        "mutation",
        "internal",
        {
          table: string;
          name: string;
          policy: {
            as?: string;
            for: string;
            to?: Array<string>;
            using?: any;
            withCheck?: any;
          };
          actor?: string;
        },
        null,
        Name
      >;
      snapshot: FunctionReference<
        "query",
        "internal",
        {},
        {
          tables: Array<{
            table: string;
            version: number;
            policies: Array<{
              name: string;
              as: "permissive" | "restrictive";
              for: "all" | "select" | "insert" | "update" | "delete";
              to?: Array<string>;
              using?: string;
              withCheck?: string;
            }>;
          }>;
          cursorKey: ArrayBuffer | null;
        },
        Name
      >;
      sync: FunctionReference<
        "mutation",
        "internal",
        {
          spec: Record<
            string,
            Record<
              string,
              {
                as?: string;
                for: string;
                to?: Array<string>;
                using?: any;
                withCheck?: any;
              }
            >
          >;
          prune?: boolean;
          actor?: string;
        },
        {
          added: Array<string>;
          changed: Array<string>;
          removed: Array<string>;
          unlisted: Array<string>;
        },
        Name
      >;
      unprotect: FunctionReference<
        "mutation",
        "internal",
        { table: string; actor?: string },
        null,
        Name
      >;
    };
  };
