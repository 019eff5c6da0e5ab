import { html } from '../../vendor.js';

/**
 * @template T
 * @typedef {{label: string, cell: (row: T) => unknown, number?: boolean, hiddenLabel?: boolean}} Column
 */

/**
 * A table that becomes a list of cards on narrow screens. The explicit roles keep its meaning there, where its elements are no table for CSS. The
 * first column is the header of each row.
 * @template T
 * @param {{caption: string, columns: Column<T>[], rows: T[], rowKey: (row: T) => string}} props
 */
export function DataTable({ caption, columns, rows, rowKey }) {
  return html`<table class="table data-table" role="table">
    <caption class="visually-hidden">
      ${caption}
    </caption>
    <thead role="rowgroup">
      <tr role="row">
        ${columns.map(
          ({ label, number, hiddenLabel }) =>
            html`<th scope="col" role="columnheader" class=${number ? 'number' : ''}>
              <span class=${hiddenLabel ? 'visually-hidden' : ''}>${label}</span>
            </th>`,
        )}
      </tr>
    </thead>
    <tbody role="rowgroup">
      ${rows.map(
        (row) =>
          html`<tr key=${rowKey(row)} role="row">
            ${columns.map(({ label, cell, number, hiddenLabel }, index) =>
              index === 0
                ? html`<th scope="row" role="rowheader">${cell(row)}</th>`
                : html`<td role="cell" class=${number ? 'number' : ''} data-label=${hiddenLabel ? undefined : label}>
                    <div>${cell(row)}</div>
                  </td>`,
            )}
          </tr>`,
      )}
    </tbody>
  </table>`;
}
