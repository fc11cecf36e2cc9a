/** Labels and values in columns, aligned like Go's tabwriter in kubectl: neighbouring rows share a column, headings end it. */
export class TextTable {
  private readonly lines: string[] = [];
  private block: { readonly label: string; readonly value: string }[] = [];

  row(level: number, label: string, value: string): void {
    const [first = '', ...more] = value.replace(/\n$/, '').split('\n');
    this.block.push({ label: `${indent(level)}${label === '' ? '' : `${label}:`}`, value: first });
    for (const line of more) this.block.push({ label: indent(level), value: line });
  }

  heading(level: number, label: string): void {
    this.line(level, `${label}:`);
  }

  line(level: number, text: string): void {
    this.flush();
    this.lines.push(indent(level) + text);
  }

  toString(): string {
    this.flush();
    return `${this.lines.join('\n')}\n`;
  }

  private flush(): void {
    const width = Math.max(0, ...this.block.map(({ label }) => label.length));
    for (const { label, value } of this.block) this.lines.push(`${label.padEnd(width)}  ${value}`.trimEnd());
    this.block = [];
  }
}

function indent(level: number): string {
  return '  '.repeat(level);
}
