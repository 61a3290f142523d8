/** A directed edge between nodes, by their positions in a list: from the referenced table to the referencing one. */
export interface Arc {
  readonly from: number;
  readonly to: number;
}

/**
 * A column for each node, so that arcs point right: the longest way from a node without arcs into it. Arcs that close a
 * circle are turned round. Nodes that nothing leads to move right, next to what they lead to. Arcs of a node with itself
 * are none.
 */
export function columnsOf(count: number, arcs: readonly Arc[]): number[] {
  const out = acyclic(
    count,
    arcs.filter(({ from, to }) => from !== to),
  );
  const column = new Array<number>(count).fill(0);
  const order = topological(count, out);
  for (const node of order) {
    for (const { from, to } of out) if (from === node) column[to] = Math.max(column[to]!, column[node]! + 1);
  }
  for (const node of [...order].reverse()) {
    const next = out.filter(({ from }) => from === node).map(({ to }) => column[to]!);
    if (next.length > 0 && !out.some(({ to }) => to === node)) column[node] = Math.min(...next) - 1;
  }
  return column;
}

/** The arcs, those that lead back to where a walk is turned round. */
function acyclic(count: number, arcs: readonly Arc[]): Arc[] {
  const state = new Array<"new" | "open" | "done">(count).fill("new");
  const kept: Arc[] = [];
  const walk = (node: number): void => {
    state[node] = "open";
    for (const arc of arcs) {
      if (arc.from !== node) continue;
      if (state[arc.to] === "open") kept.push({ from: arc.to, to: arc.from });
      else {
        kept.push(arc);
        if (state[arc.to] === "new") walk(arc.to);
      }
    }
    state[node] = "done";
  };
  const entered = new Set(arcs.map(({ to }) => to));
  // Begin where nothing leads to, so that as few as possible are turned round.
  const nodes = [...state.keys()].sort((a, b) => Number(entered.has(a)) - Number(entered.has(b)) || a - b);
  for (const node of nodes) if (state[node] === "new") walk(node);
  return kept;
}

function topological(count: number, arcs: readonly Arc[]): number[] {
  const waiting = new Array<number>(count).fill(0);
  for (const { to } of arcs) waiting[to]!++;
  const ready = [...waiting.keys()].filter((node) => waiting[node] === 0);
  for (let i = 0; i < ready.length; i++) {
    for (const { from, to } of arcs) if (from === ready[i] && --waiting[to]! === 0) ready.push(to);
  }
  return ready;
}
