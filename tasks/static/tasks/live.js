// Keeps what is marked data-live up to date while somebody looks at it.
//
// One element tells where from (data-live-from; empty: the page itself) and how often
// (data-live-every, in seconds). Its parts are replaced by those of the same id, only
// where they differ; data-live-ends on one of them ends it all. On the page of a row,
// its fields and the tables below are such parts too. Nothing is asked for while the
// tab is hidden.
(() => {
  "use strict";
  const LATE_S = 60;

  // Pairs of a part of this page and the same part of the page as it is now.
  function* pairs(page) {
    for (const here of document.querySelectorAll("[data-live][id], .inline-group[id]")) {
      yield [here, page.getElementById(here.id)];
    }
    for (const here of document.querySelectorAll("[class*='field-'] .readonly")) {
      const { classList } = here.closest("[class*='field-']");
      const name = [...classList].find((one) => one.startsWith("field-"));
      if (here.closest(".inline-group")) continue;
      yield [here, page.querySelector(`.${CSS.escape(name)} .readonly`)];
    }
  }

  const ended = () => document.querySelector("[data-live-ends]") !== null;
  const seen = () =>
    new Promise((resolve) => {
      if (!document.hidden) return resolve();
      const look = () => {
        if (document.hidden) return;
        document.removeEventListener("visibilitychange", look);
        resolve();
      };
      document.addEventListener("visibilitychange", look);
    });
  const after = (seconds) => new Promise((resolve) => setTimeout(resolve, 1000 * seconds));

  // What was opened stays open, and what has the focus keeps it.
  function replace(here, there) {
    if (here.outerHTML === there.outerHTML) return;
    for (const one of here.querySelectorAll("details[open][id]")) {
      there.querySelector(`#${CSS.escape(one.id)}`)?.setAttribute("open", "");
    }
    if (here.innerHTML === there.innerHTML || here.contains(document.activeElement)) return;
    here.replaceChildren(...there.childNodes);
  }

  async function refresh(from) {
    const reply = await fetch(from || location.href, {
      credentials: "same-origin",
      redirect: "error",
      headers: { "X-Requested-With": "XMLHttpRequest" },
    });
    if (!reply.ok) throw new Error(`${reply.status}`);
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    for (const [here, there] of [...pairs(page)]) {
      if (there) replace(here, there);
    }
    document.dispatchEvent(new CustomEvent("live:refreshed"));
  }

  function tell(state, text) {
    state.hidden = false;
    state.textContent = text;
  }

  async function keepUp(state) {
    const { liveFrom, liveEvery } = state.dataset;
    let wait = Number(liveEvery);
    while (!ended()) {
      await after(wait);
      await seen();
      try {
        await refresh(liveFrom);
        wait = Number(liveEvery);
        tell(state, `Live, as of ${new Date().toLocaleTimeString()}`);
      } catch {
        wait = Math.min(2 * wait, LATE_S);
        tell(state, `Not up to date: the service does not answer. Trying again.`);
      }
    }
    tell(state, "");
    state.hidden = true;
  }

  function searchable(log) {
    const search = document.createElement("input");
    const filter = () => {
      const wanted = search.value.toLowerCase();
      for (const line of document.querySelectorAll("[data-searchable] .log-line")) {
        line.hidden = !line.textContent.toLowerCase().includes(wanted);
      }
    };
    search.type = "search";
    search.className = "log-search";
    search.placeholder = "Search the log";
    search.setAttribute("aria-label", "Search the log");
    search.addEventListener("input", filter);
    document.addEventListener("live:refreshed", filter);
    // Beside the field, whose content is replaced.
    log.closest(".readonly").parentElement.before(search);
  }

  document.addEventListener("DOMContentLoaded", () => {
    for (const log of document.querySelectorAll("[data-searchable]:has(.log-line)")) searchable(log);
    const state = document.querySelector("[data-live-from]");
    if (state) keepUp(state);
  });
})();
