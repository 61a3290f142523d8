import { progressBar, wrap } from "./text.js";

type Style = "bold" | "dim" | "green" | "red" | "cyan";
const CODES: Record<Style, number> = { bold: 1, dim: 2, green: 32, red: 31, cyan: 36 };

const WIDTH = 100;
const LABEL = 9;

/**
 * Writes the demo's output: a hundred columns, a label on the left, the text beside it. On a terminal it uses colour
 * and redraws its progress bars; anywhere else it writes plain lines only.
 */
export class Renderer {
  private readonly live: boolean;
  private readonly colour: boolean;
  private lastShare = -1;

  constructor(private readonly out: NodeJS.WriteStream = process.stdout) {
    this.live = out.isTTY === true;
    this.colour = this.live && process.env["NO_COLOR"] === undefined;
  }

  line(text = ""): void {
    this.out.write(`${text}\n`);
  }

  title(text: string): void {
    this.line(this.paint("bold", text));
    this.line(this.paint("dim", "=".repeat(text.length)));
  }

  heading(text: string): void {
    this.line();
    this.line(this.paint("bold", text));
    this.line(this.paint("dim", "-".repeat(text.length)));
  }

  /** Running text over the full width. */
  paragraph(text: string): void {
    for (const line of wrap(text, WIDTH)) this.line(line);
  }

  /** A labelled block: the label stands beside its first line. Lines too long are wrapped, their indent kept. */
  block(label: string, text: string, style?: Style): void {
    const lines = text.split("\n").flatMap((line) => wrap(line, WIDTH - LABEL));
    lines.forEach((line, at) => {
      const margin = this.paint("cyan", (at === 0 ? label : "").padEnd(LABEL));
      this.line(`${margin}${style === undefined ? line : this.paint(style, line)}`.trimEnd());
    });
  }

  /** Columns padded to their widest cell; a cell that is a number stands right. */
  table(label: string, header: string[], rows: (string | number)[][]): void {
    const cells = [header, ...rows.map((row) => row.map((cell) => cell.toLocaleString("en-US")))];
    const widths = header.map((_, column) => Math.max(...cells.map((row) => (row[column] ?? "").length)));
    const text = cells.map((row) =>
      row
        .map((cell, column) => {
          const right = typeof rows[0]?.[column] === "number";
          return right ? cell.padStart(widths[column] ?? 0) : cell.padEnd(widths[column] ?? 0);
        })
        .join("  ")
        .trimEnd(),
    );
    this.block(label, text.join("\n"));
  }

  verdict(passed: boolean, text: string): void {
    this.block("check", `${passed ? "ok  " : "WRONG  "}${text}`, passed ? "green" : "red");
  }

  /** Draws a bar; on a terminal in place, elsewhere a line for each further quarter. */
  progress(label: string, done: number, total: number, note: string): void {
    const figures = `${done.toLocaleString("en-US")} of ${total.toLocaleString("en-US")}`;
    const text = `${label.padEnd(LABEL)}${progressBar(done, total, 40)}  ${figures}  ${note}`;
    if (this.live) {
      this.out.write(`\r${text.slice(0, WIDTH - 1).padEnd(WIDTH - 1)}${done >= total ? "\n" : ""}`);
      return;
    }
    const quarter = Math.floor((done * 4) / total);
    if (quarter !== this.lastShare) this.line(text.trimEnd());
    this.lastShare = done >= total ? -1 : quarter;
  }

  private paint(style: Style, text: string): string {
    return this.colour && text !== "" ? `\u001b[${CODES[style]}m${text}\u001b[0m` : text;
  }
}
