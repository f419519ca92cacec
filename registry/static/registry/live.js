// Keeps a revision's page up to date while it runs, and lets its log be searched.
(() => {
  "use strict";
  const LIVE = ["shown_state", "graph", "log_lines", "error_lines", "stats"];
  const field = (page, name) => page.querySelector(`.field-${name} .readonly`);

  function filterLog() {
    const wanted = document.getElementById("log-search").value.toLowerCase();
    for (const line of document.querySelectorAll(".field-log_lines .log-line")) {
      line.hidden = !line.textContent.toLowerCase().includes(wanted);
    }
  }

  function addSearch() {
    const log = field(document, "log_lines");
    if (!log) return;
    const search = document.createElement("input");
    search.id = "log-search";
    search.type = "search";
    search.placeholder = "Search the log";
    search.setAttribute("aria-label", "Search the log");
    search.addEventListener("input", filterLog);
    search.style.margin = "8px 0 0 0";
    log.parentElement.before(search);
  }

  const ended = () => document.querySelector("[data-ended='yes']");

  async function refresh() {
    const reply = await fetch(location.href, { credentials: "same-origin" });
    if (!reply.ok) return;
    const page = new DOMParser().parseFromString(await reply.text(), "text/html");
    for (const name of LIVE) {
      const [here, there] = [field(document, name), field(page, name)];
      if (here && there) here.replaceChildren(...there.childNodes);
    }
    filterLog();
  }

  async function keepUp() {
    while (!ended()) {
      await new Promise((resolve) => setTimeout(resolve, 1500));
      await refresh().catch(() => {});
    }
  }

  document.addEventListener("DOMContentLoaded", () => {
    addSearch();
    if (field(document, "graph")) keepUp();
  });
})();
