// The export page: look at a source, shape its table, and have it made into a file.
import { Columns } from "./columns.js";
import * as faults from "./faults.js";
import { Refused, ask } from "./talk.js";
import * as work from "./work.js";

const SETTLE_MS = 400;
const part = (name) => document.getElementById(name);
const columns = new Columns(part("columns"), changed, say);
let first = []; // rows of the source as it is
let looking = null; // the request for a preview that is under way
let timer = 0;
let running = ""; // the id of the export that is shown

function say(text) {
  part("columns-told").textContent = text;
}

function source() {
  return {
    file_type: "csv",
    source_url: part("source_url").value.trim(),
    source_format: part("source_format").value || undefined,
    paging: part("paging").checked ? undefined : "none",
  };
}

function shaped() {
  const { inputs, select, types } = columns.wanted();
  const filter = part("filter").value.trim() || undefined;
  return { inputs, configuration: { ...source(), select, types, filter } };
}

/** Ask for the first rows; a later question makes an earlier one void. */
async function preview(wanted) {
  looking?.abort();
  const mine = (looking = new AbortController());
  try {
    return await ask("POST", "/export/new/preview", wanted, mine.signal);
  } finally {
    if (looking === mine) looking = null;
  }
}

async function attempt(button, act) {
  faults.clear();
  if (button) button.disabled = true;
  try {
    await act();
  } catch (error) {
    if (error.name === "AbortError") return;
    const first = faults.show(error);
    if (button) (first ?? button).focus();
    if (!(error instanceof Refused)) throw error;
  } finally {
    if (button) button.disabled = false;
  }
}

async function look() {
  if (!part("source_url").value.trim()) {
    throw new Refused([{ field: "source_url", message: "Give the address of a table.", position: null }]);
  }
  part("look").textContent = "Looking …";
  try {
    const shown = await preview({ inputs: [], configuration: source() });
    part("filter").value = "";
    columns.fill(shown.fields);
    first = shown.rows;
    part("file_name").value = nameOf(part("source_url").value);
    part("shape").hidden = false;
    draw(shown);
    part("columns").querySelector("button").focus();
  } finally {
    part("look").textContent = "Look at it";
  }
}

function nameOf(url) {
  const last = new URL(url.trim()).pathname.split("/").pop();
  return last.replace(/\.(gz|zip)$/i, "").replace(/\.[a-z0-9]{1,8}$/i, "") || "table";
}

function changed() {
  clearTimeout(timer);
  timer = setTimeout(refresh, SETTLE_MS);
}

async function refresh() {
  if (!columns.wanted().count) {
    faults.clear(["columns"]);
    faults.show(nothing);
    return;
  }
  const region = document.querySelector(".result");
  region.classList.add("stale");
  await attempt(null, async () => {
    draw(await preview(shaped()));
    region.classList.remove("stale");
  });
}

const nothing = new Refused([{ field: "columns", message: "Take at least one column.", position: null }]);

function draw({ fields, rows, notes }) {
  const cell = (tag, text, name) => Object.assign(document.createElement(tag), { textContent: text, className: name });
  const row = (cells) => {
    const made = document.createElement("tr");
    made.append(...cells);
    return made;
  };
  const isNumber = fields.map(({ type }) => ["number", "integer"].includes(type));
  const head = document.createElement("thead");
  const heads = fields.map(({ name, type }, at) => {
    const made = cell("th", name, isNumber[at] ? "number" : "");
    made.scope = "col";
    made.append(" ", cell("span", type, "type"));
    return made;
  });
  head.append(row(heads));
  const body = document.createElement("tbody");
  const written = (value) => (typeof value === "object" ? JSON.stringify(value) : String(value)).slice(0, 500);
  const cells = (values) =>
    values.map((value, at) =>
      value === null ? cell("td", "none", "null") : cell("td", written(value), isNumber[at] ? "number" : ""),
    );
  body.append(...rows.map((values) => row(cells(values))));
  part("result").replaceChildren(head, body);
  const count = rows.length ? `The first ${rows.length} rows.` : "No row at the beginning of the source is taken.";
  part("result-told").textContent = [count, ...notes].join(" ");
}

async function start() {
  if (!columns.wanted().count) throw nothing;
  const wanted = shaped();
  const type = document.querySelector("[name=file_type]:checked").value;
  wanted.configuration.file_type = type;
  wanted.configuration.file_name = part("file_name").value.trim() || undefined;
  const { id } = await ask("POST", "/export/new/start", wanted);
  history.replaceState(null, "", `#${id}`); // so that loading again goes on with it
  follow(id);
}

async function follow(id) {
  running = id;
  work.begin();
  await attempt(null, () => work.follow(id));
}

part("source").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(part("look"), look);
});
part("file").addEventListener("submit", (event) => {
  event.preventDefault();
  attempt(part("start"), start);
});
part("filter").addEventListener("input", changed);
part("guess").addEventListener("click", () => columns.guess(first));
part("all").addEventListener("click", () => columns.takeAll(true));
part("none").addEventListener("click", () => columns.takeAll(false));
part("cancel").addEventListener("click", () => attempt(part("cancel"), () => ask("DELETE", `/export/new/${running}`)));
part("again").addEventListener("click", () => attempt(part("again"), start));

if (/^#task_[0-9a-f]{32}$/.test(location.hash)) follow(location.hash.slice(1));
