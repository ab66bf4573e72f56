// Puts what the page measured where it belongs. Numbers stand in data attributes, because the page's policy refuses
// style attributes; a script of ours may set the same styles.
(function () {
  "use strict";
  const percent = (value) => Number(value) + "%";
  const place = (root) => {
    root.querySelectorAll("[data-at]").forEach((element) => { element.style.left = percent(element.dataset.at); });
    root.querySelectorAll("[data-span]").forEach((element) => { element.style.width = percent(element.dataset.span); });
    root.querySelectorAll("[data-hour]").forEach((element) => element.style.setProperty("--hour", percent(element.dataset.hour)));
    root.querySelectorAll("[data-shape]").forEach((element) => element.style.setProperty("--shape", Number(element.dataset.shape)));
  };
  place(document);
  // Parts that are swapped in later bring their own.
  document.addEventListener("htmx:after:swap", () => place(document));
})();
