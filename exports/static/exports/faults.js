// Tells what is wrong, next to the field that has to do with it.
const FIELDS = ["source_url", "source_format", "paging", "columns", "filter", "file_type", "file_name"];

const placeOf = (field) => document.getElementById(FIELDS.includes(field) ? `${field}-wrong` : "other-wrong");

export function clear(fields = [...FIELDS, ""]) {
  for (const field of fields) {
    placeOf(field).textContent = "";
    document.getElementById(field)?.removeAttribute("aria-invalid");
  }
  if (fields.includes("filter")) document.getElementById("filter-mark").hidden = true;
}

/** Show errors of the service, or any other error, as words. */
export function show(error) {
  const errors = error.errors ?? [{ field: "", message: String(error), position: null }];
  for (const { field, message, position } of errors) {
    const place = placeOf(field);
    place.textContent = place.textContent ? `${place.textContent} ${message}` : message;
    const input = document.getElementById(field);
    if (input && field !== "columns") input.setAttribute("aria-invalid", "true");
    if (field === "filter" && position !== null) markFilter(position);
  }
  const first = errors.map(({ field }) => document.getElementById(field)).find((one) => one?.matches("input, select"));
  return first ?? null;
}

/** Show where in the rule the fault is; positions count characters, not UTF-16 units. */
function markFilter(position) {
  const text = [...document.getElementById("filter").value];
  const mark = document.createElement("mark");
  mark.textContent = text[position] ?? "…";
  const place = document.getElementById("filter-mark");
  place.replaceChildren(text.slice(0, position).join(""), mark, text.slice(position + 1).join(""));
  place.hidden = false;
}
