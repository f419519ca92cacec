// Brings a data set's page to life: all rows of the preview, and their chart.
import { showChart } from "./chart.js";
import { showGrid } from "./grid.js";

async function show(grid) {
  const reply = await fetch(grid.dataset.preview).catch(() => null);
  if (!reply?.ok) return; // the first rows, which the server wrote, stay
  const preview = await reply.json();
  if (!preview.rows.length) return;
  showGrid(grid.querySelector(".rows"), grid.querySelector(".hint"), preview);
  showChart(document.getElementById("chart"), preview, JSON.parse(grid.dataset.years));
}

for (const grid of document.querySelectorAll("[data-preview]")) show(grid);
