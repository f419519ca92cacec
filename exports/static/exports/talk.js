// Requests to the page's own doors, and what they say is wrong.
const secret = () => document.querySelector("[name=csrfmiddlewaretoken]").value;

/** What the service refused: a list of `{field, message, position}`. */
export class Refused extends Error {
  constructor(errors) {
    super(errors.map((one) => one.message).join(" "));
    this.errors = errors;
  }
}

const alone = (message) => new Refused([{ field: "", message, position: null }]);

/** Send a request; return the JSON of its answer. Throws Refused. */
export async function ask(method, path, body, signal) {
  const headers = { "X-CSRFToken": secret(), "Content-Type": "application/json" };
  let reply;
  try {
    reply = await fetch(path, { method, headers, signal, body: body && JSON.stringify(body) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw alone("The service cannot be reached. Is there a connection?");
  }
  const told = await reply.json().catch(() => ({}));
  if (reply.ok) return told;
  if (told.errors) throw new Refused(told.errors);
  throw alone(reply.status === 403 ? "Load this page again: it is too old." : `The service answered ${reply.status}.`);
}
