/** The table that the gateway prints when it starts: what listens where, and what serves which host and path. */
import type { Ir } from '../ir/ir.ts';
import { routeRows } from './views.ts';

/** Rows printed at most; a table of thousands helps nobody. */
const MaxRows = 40;

/** @returns lines with their ends, `''` if nothing listens */
export function startTable(ir: Ir, unbound: Readonly<Record<string, string>>): string {
  const lines = socketLines(ir, unbound);
  const rows = routeRows(ir);
  if (rows.length === 0) return `${lines.join('\n')}\n`;
  const cells = rows
    .slice(0, MaxRows)
    .map((row) => [row.address, row.host, row.path, row.backend, `${row.route}[${row.rule}]`]);
  const table = aligned([['ADDRESS', 'HOST', 'PATH', 'BACKEND', 'ROUTE[RULE]'], ...cells]);
  const rest = rows.length - MaxRows;
  return `${[...lines, '', ...table, ...(rest > 0 ? [`… and ${rest} more: see /debug/routes`] : [])].join('\n')}\n`;
}

function socketLines(ir: Ir, unbound: Readonly<Record<string, string>>): string[] {
  const sockets = Object.entries(ir.sockets);
  if (sockets.length === 0)
    return ['No listeners: the manifests hold no Gateway of this controller and no Ingress of its class.'];
  return sockets.map(([id, { address, port, protocol, tiers }]) => {
    const where = `${address.includes(':') ? `[${address}]` : address}:${port}`;
    const listeners = tiers.flat().join(', ');
    const reason = unbound[id];
    return reason === undefined
      ? `Listening on ${where} (${protocol}) for ${listeners}`
      : `NOT listening on ${where} (${protocol}) for ${listeners}: ${reason}`;
  });
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0)));
  return rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
