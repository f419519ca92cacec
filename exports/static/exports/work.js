// An export under way: followed over a WebSocket, or where there is none by asking.
import { ask } from "./talk.js";

const POLL_MS = 1000;
const PACE_MS = 5000; // over which the pace is measured
const ENDED = ["done", "failed", "cancelled"];
const part = (name) => document.getElementById(name);
const said = (number) => Math.round(number).toLocaleString("en");

export function size(bytes) {
  const units = ["bytes", "kB", "MB", "GB", "TB"];
  const power = bytes < 1000 ? 0 : Math.min(4, Math.floor(Math.log10(bytes) / 3));
  return `${power ? (bytes / 1000 ** power).toFixed(1) : bytes} ${units[power]}`;
}

export function span(seconds) {
  if (seconds < 90) return `${Math.ceil(seconds)} s`;
  return seconds < 5400 ? `${Math.round(seconds / 60)} min` : `${(seconds / 3600).toFixed(1)} h`;
}

/** Follow an export to its end, showing how far it is; return how it ended. */
export async function follow(id) {
  const seen = [];
  const show = (told) => {
    seen.push({ at: performance.now(), rows: told.rows });
    while (seen.length > 2 && seen[0].at < performance.now() - PACE_MS) seen.shift();
    draw(told, seen);
  };
  const followed = await overSocket(id, show);
  while (!followed) {
    const told = await ask("GET", `/export/new/${id}`);
    show(told);
    if (ENDED.includes(told.state)) break;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
  const whole = await ask("GET", `/export/new/${id}`);
  finish(whole);
  return whole;
}

/** Return whether the end was told; false where the socket could not be had, or broke. */
function overSocket(id, show) {
  return new Promise((resolve) => {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    const socket = new WebSocket(`${scheme}://${location.host}/export/new/${id}/follow`);
    let ended = false;
    socket.addEventListener("message", ({ data }) => {
      const told = JSON.parse(data);
      show(told);
      ended = ENDED.includes(told.state);
    });
    socket.addEventListener("close", () => resolve(ended));
  });
}

function draw(told, seen) {
  part("work").className = `card step ${told.state}`;
  const [first, last] = [seen[0], seen.at(-1)];
  const seconds = (last.at - first.at) / 1000;
  const pace = seconds > 0.2 ? (last.rows - first.rows) / seconds : told.rows / (told.seconds || 1);
  if (told.progress === null) part("bar").removeAttribute("value");
  else part("bar").value = told.progress;
  part("work-rows").textContent = said(told.rows);
  part("work-bytes").textContent = told.bytes ? size(told.bytes) : "–";
  if (told.rows) part("work-pace").textContent = said(pace);
  const left = told.progress > 0 ? (told.seconds * (100 - told.progress)) / told.progress : null;
  part("work-left").textContent = left === null ? "–" : span(left);
  tell(sentence(told));
}

function sentence(told) {
  if (told.stopping && told.state === "running") return "Stopping …";
  return {
    queued: "Waiting for its turn …",
    running: "Fetching and writing …",
    done: "Done.",
    failed: told.error,
    cancelled: "Stopped. Nothing was kept.",
  }[told.state];
}

/** Say it once: a status that is set again would be read out again. */
function tell(text) {
  if (part("work-told").textContent !== text) part("work-told").textContent = text;
}

function finish(told) {
  part("work").className = `card step ${told.state}`;
  part("cancel").hidden = true;
  part("work-left").textContent = "–";
  part("again").hidden = told.state === "done";
  part("bar").hidden = told.state !== "done";
  tell(sentence(told));
  if (told.state !== "done") return;
  const { file } = told;
  part("bar").value = 100;
  part("work-rows").textContent = said(file.rows);
  part("work-bytes").textContent = size(file.bytes);
  if (told.seconds > 0) part("work-pace").textContent = said(file.rows / told.seconds);
  tell(`Done: ${file.name}, ${said(file.rows)} rows, ${size(file.bytes)}.`);
  part("work-notes").replaceChildren(
    ...file.notes.map((note) => Object.assign(document.createElement("li"), { textContent: note })),
  );
  Object.assign(part("download"), { href: file.at, hidden: false }).focus();
}

/** Show a new export, of which nothing is known yet. */
export function begin() {
  part("work").hidden = false;
  part("work").className = "card step queued";
  for (const name of ["work-pace", "work-bytes", "work-left"]) part(name).textContent = "–";
  part("work-rows").textContent = "0";
  part("work-notes").replaceChildren();
  part("download").hidden = part("again").hidden = true;
  part("cancel").hidden = part("bar").hidden = false;
  part("bar").removeAttribute("value");
  tell("Waiting for its turn …");
  part("work-head").focus();
}
