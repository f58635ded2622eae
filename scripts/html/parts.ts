import { html, type Html } from './html.ts';

/** A figure with its name, and a few words on it. */
export function tile(figure: string | number, name: string, more: string): Html {
  return html`<div class="tile"><b>${figure}</b>${name}<br><span class="quiet">${more}</span></div>`;
}

/** A table under a title, if it has rows; a column that begins with # is of numbers. */
export function section(title: string, columns: readonly string[], rows: readonly (readonly (string | number | Html)[])[]): Html {
  return rows.length === 0 ? html`` : html`<h2>${title}</h2>
${table(columns, rows)}`;
}

/** @param columns as in `section` */
export function table(columns: readonly string[], rows: readonly (readonly (string | number | Html)[])[]): Html {
  const classOf = (index: number): string => (columns[index]?.startsWith('#') === true ? 'number' : '');
  return html`<div class="scroll"><table>
<tr>${columns.map((column, index) => html`<th class="${classOf(index)}">${column.replace('#', '')}</th>`)}</tr>
${rows.map((row) => html`<tr>${row.map((cell, index) => html`<td class="${classOf(index)}">${cell}</td>`)}</tr>
`)}</table></div>`;
}
