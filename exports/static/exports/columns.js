// The list of columns: which go out, in which order, under which names and types.
const TYPES = ["string", "integer", "number", "boolean", "date", "datetime"];

// What text must look like, whole, to be taken for another type: 007 stays text.
const LOOKS = [
  ["integer", /^-?(0|[1-9]\d{0,17})$/],
  ["number", /^-?(0|[1-9]\d*)(\.\d+)?(e[+-]?\d+)?$/i],
  ["date", /^\d{4}-\d\d-\d\d$/],
  ["datetime", /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)?$/],
  ["boolean", /^(true|false)$/],
];

const typeOf = (values) =>
  values.length ? LOOKS.find(([, look]) => values.every((value) => look.test(value)))?.[0] : undefined;

const make = (tag, properties = {}, ...children) => {
  const made = Object.assign(document.createElement(tag), properties);
  made.append(...children);
  return made;
};

export class Columns {
  #list;
  #changed;
  #say;

  /** `changed` is called after each change, `say` with what a screen reader is told. */
  constructor(list, changed, say) {
    this.#list = list;
    this.#changed = changed;
    this.#say = say;
    this.#drags();
  }

  /** Show the columns of a source, all of them as they are. */
  fill(fields) {
    this.#list.replaceChildren(...fields.map((field, at) => this.#item(field, at)));
    this.#order();
  }

  takeAll(take) {
    for (const item of this.#list.children) this.#take(item, take);
    this.#changed();
  }

  /** Choose types that go with all of the rows given, of text that looks like them. */
  guess(rows) {
    const guessed = [];
    for (const item of this.#items) {
      const values = rows.map((row) => row[item.at]).filter((value) => value !== null && value !== "");
      const type = values.every((value) => typeof value === "string") && typeOf(values);
      if (!type || !item.keep.checked) continue;
      item.kind.value = type;
      guessed.push(`${item.was}: ${type}`);
    }
    this.#say(guessed.length ? `Types guessed. ${guessed.join(", ")}.` : "All of it looks like text.");
    if (guessed.length) this.#changed();
  }

  get #items() {
    return [...this.#list.children];
  }

  /** Return `{select, inputs, types}` as the API has them; what is unchanged is left out. */
  wanted() {
    const all = this.#items;
    const kept = all.filter((item) => item.keep.checked);
    const isWhole = kept.length === all.length && kept.every((item, at) => item.at === at);
    const renamed = kept.filter((item) => item.name.value.trim() && item.name.value !== item.was);
    const typed = kept.filter((item) => item.kind.value);
    return {
      count: kept.length,
      select: isWhole ? undefined : kept.map((item) => item.was),
      inputs: renamed.map((item) => ({ name: item.name.value.trim(), column: item.at })),
      types: typed.length ? Object.fromEntries(typed.map((item) => [item.was, item.kind.value])) : undefined,
    };
  }

  #item({ name, type }, at) {
    const item = make("li");
    const button = (text, label, by) => {
      const made = make("button", { type: "button", className: "icon", textContent: text, ariaLabel: label });
      made.addEventListener("click", () => this.#move(item, by));
      return made;
    };
    item.was = name;
    item.at = at;
    item.keep = make("input", { type: "checkbox", checked: true, ariaLabel: `Take ${name}` });
    item.name = make("input", { value: name, maxLength: 500, ariaLabel: `New name of ${name}`, autocomplete: "off" });
    item.kind = make("select", { ariaLabel: `Type of ${name}` }, new Option(`As it is`, ""));
    for (const one of TYPES) item.kind.add(new Option(one === "string" ? "text" : one, one));
    item.handle = make("button", { type: "button", className: "icon handle", textContent: "⠿", ariaLabel: `Move ${name}` });
    item.handle.setAttribute("aria-describedby", "columns-hint");
    item.handle.addEventListener("keydown", (event) => this.#key(event, item));
    item.handle.addEventListener("pointerdown", () => (item.draggable = true));
    item.handle.addEventListener("pointerup", () => (item.draggable = false));
    item.keep.addEventListener("change", () => {
      this.#take(item, item.keep.checked);
      this.#changed();
    });
    item.name.addEventListener("input", () => this.#changed());
    item.kind.addEventListener("change", () => this.#changed());
    const was = make("span", { className: "was", title: name }, name, make("span", { className: "type", textContent: type }));
    item.up = button("↑", `Move ${name} up`, -1);
    item.down = button("↓", `Move ${name} down`, 1);
    const moves = make("span", { className: "moves" }, item.up, item.down);
    item.append(item.handle, item.keep, was, item.name, item.kind, moves);
    return item;
  }

  #take(item, take) {
    item.keep.checked = take;
    item.classList.toggle("out", !take);
    item.name.disabled = item.kind.disabled = !take;
  }

  #key(event, item) {
    const by = { ArrowUp: -1, ArrowDown: 1, Home: -Infinity, End: Infinity }[event.key];
    if (!by) return;
    event.preventDefault();
    this.#move(item, by);
    item.handle.focus();
  }

  #move(item, by) {
    const items = this.#items;
    const from = items.indexOf(item);
    const to = Math.min(items.length - 1, Math.max(0, from + by));
    if (to !== from) this.#place(item, to < from ? items[to] : items[to].nextSibling);
  }

  #place(item, before) {
    const focused = document.activeElement;
    this.#list.insertBefore(item, before);
    this.#order();
    if (item.contains(focused)) (focused.disabled ? item.handle : focused).focus();
    const items = this.#items;
    this.#say(`${item.was} is now column ${items.indexOf(item) + 1} of ${items.length}.`);
    this.#changed();
  }

  #order() {
    const items = this.#items;
    items.forEach((item, at) => {
      item.up.disabled = at === 0;
      item.down.disabled = at === items.length - 1;
    });
  }

  #drags() {
    const list = this.#list;
    let dragged = null;
    const unmark = () => list.querySelectorAll(".before, .after").forEach((one) => one.classList.remove("before", "after"));
    const isBelow = (event, item) => {
      const box = item.getBoundingClientRect();
      return event.clientY > box.top + box.height / 2;
    };
    list.addEventListener("dragstart", (event) => {
      dragged = event.target.closest("li");
      dragged.classList.add("dragged");
      event.dataTransfer.effectAllowed = "move";
    });
    list.addEventListener("dragover", (event) => {
      const over = event.target.closest("li");
      if (!dragged || !over) return;
      event.preventDefault();
      unmark();
      if (over !== dragged) over.classList.add(isBelow(event, over) ? "after" : "before");
    });
    list.addEventListener("drop", (event) => {
      const over = event.target.closest("li");
      if (!dragged || !over || over === dragged) return;
      event.preventDefault();
      this.#place(dragged, isBelow(event, over) ? over.nextSibling : over);
    });
    list.addEventListener("dragend", () => {
      unmark();
      if (dragged) Object.assign(dragged, { draggable: false }).classList.remove("dragged");
      dragged = null;
    });
  }
}
