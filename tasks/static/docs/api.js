// Shows the document that the page names, in the colours that the reader's system has.
const place = document.getElementById("operations");
const dark = matchMedia("(prefers-color-scheme: dark)");
const dress = () => document.documentElement.classList.toggle("dark-mode", dark.matches);

dark.addEventListener("change", dress);
dress();
SwaggerUIBundle({
  url: place.dataset.document,
  domNode: place,
  deepLinking: false, // its links would be within buttons, where nobody can reach them
  docExpansion: "list",
  defaultModelsExpandDepth: 0,
  validatorUrl: null, // nothing is asked of anybody else
  onComplete: () => place.querySelector("main").setAttribute("role", "none"), // ours is around it
});
