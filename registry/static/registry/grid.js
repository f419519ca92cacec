// A table that scrolls through thousands of rows, of which only those in sight exist.
const ROW_PX = 36; // as in pages.css
const SPARE_ROWS = 12;
const MOST_COLUMNS = 200;
const SAMPLE_ROWS = 200;
const WIDEST = 38;

const make = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

export const written = (value) => {
  if (value === null || value === undefined) return "";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
};

const isNumeric = (field) => field.type === "number" || field.type === "integer";

/** Return each column's width in characters, by its head and a sample of its cells. */
function widths(fields, rows) {
  const step = Math.max(1, Math.floor(rows.length / SAMPLE_ROWS));
  return fields.map((field, at) => {
    let most = Math.max(field.name.length, field.type.length);
    for (let row = 0; row < rows.length; row += step) {
      most = Math.max(most, written(rows[row][at]).length);
    }
    return Math.min(WIDEST, most + 1);
  });
}

function cellOf(value, field) {
  if (value === null) return make("td", { className: "null", textContent: "none" });
  const text = written(value);
  const cell = make("td", { textContent: text.slice(0, 500) });
  if (isNumeric(field)) cell.className = "number";
  if (text.length > WIDEST) cell.title = text.slice(0, 2000);
  return cell;
}

function rowOf(values, number, fields) {
  const head = make("th", { scope: "row", className: "number", textContent: number.toLocaleString("en") });
  const row = make("tr", {}, head, ...fields.map((field, at) => cellOf(values[at], field)));
  row.ariaRowIndex = String(number + 1); // the head is the first
  return row;
}

function headOf(fields) {
  const row = make("tr", {}, make("th", { scope: "col", className: "number", textContent: "Row" }));
  for (const field of fields) {
    const type = make("span", { className: "type", textContent: field.type });
    const head = make("th", { scope: "col", title: field.name }, `${field.name} `, type);
    if (isNumeric(field)) head.className = "number";
    row.append(head);
  }
  row.ariaRowIndex = "1";
  return make("thead", {}, row);
}

function gap() {
  const row = make("tr", { className: "gap" }, make("td", { colSpan: 1000 }));
  row.setAttribute("aria-hidden", "true");
  return row;
}

/** Show all rows of a preview in a scrolling region, and say in `told` what they are. */
export function showGrid(region, told, preview) {
  const fields = preview.fields.slice(0, MOST_COLUMNS);
  const { rows } = preview;
  const columns = make("colgroup", {}, make("col"));
  columns.firstChild.style.width = `${String(rows.length).length + 5}ch`;
  for (const width of widths(fields, rows)) {
    const column = make("col");
    column.style.width = `calc(${width}ch + 1.8rem)`;
    columns.append(column);
  }
  const [above, below] = [gap(), gap()];
  const body = make("tbody", {}, above, below);
  const table = make("table", {}, columns, headOf(fields), body);
  table.ariaRowCount = String(rows.length + 1);
  region.classList.add("whole");
  region.replaceChildren(table);

  let first = -1;
  let last = -1;
  function draw() {
    const top = Math.max(0, Math.floor(region.scrollTop / ROW_PX) - SPARE_ROWS);
    const seen = Math.ceil(region.clientHeight / ROW_PX) + 2 * SPARE_ROWS;
    const end = Math.min(rows.length, top + seen);
    if (top === first && end === last) return;
    [first, last] = [top, end];
    above.firstChild.style.height = `${top * ROW_PX}px`;
    below.firstChild.style.height = `${(rows.length - end) * ROW_PX}px`;
    const shown = rows.slice(top, end).map((row, at) => rowOf(row, top + at + 1, fields));
    body.replaceChildren(above, ...shown, below);
  }
  let asked = false;
  region.addEventListener("scroll", () => {
    if (asked) return;
    asked = true;
    requestAnimationFrame(() => {
      asked = false;
      draw();
    });
  });
  new ResizeObserver(draw).observe(region);
  draw();
  told.textContent = sentence(region, preview);
}

function sentence(region, preview) {
  const said = (number) => number.toLocaleString("en");
  const all = Number(region.dataset.rows || preview.rows.length);
  const shown = preview.rows.length;
  const rows = all > shown ? `The first ${said(shown)} of ${said(all)} rows` : `All ${said(shown)} rows`;
  const columns = preview.fields.length;
  return columns > MOST_COLUMNS ? `${rows}, and the first ${MOST_COLUMNS} of ${said(columns)} columns` : rows;
}
