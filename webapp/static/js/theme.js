// Light or dark before the first paint: what the reader chose, else what the device prefers. Loaded in the head on purpose.
(function () {
  "use strict";
  const root = document.documentElement;
  const dark = window.matchMedia("(prefers-color-scheme: dark)");
  const chosen = () => (document.cookie.match(/(?:^|; )theme=(light|dark)/) || [])[1];
  const apply = () => {
    root.setAttribute("data-bs-theme", chosen() || (dark.matches ? "dark" : "light"));
    document.dispatchEvent(new CustomEvent("theme"));
  };
  apply();
  dark.addEventListener("change", apply);
  document.addEventListener("click", (event) => {
    if (!event.target.closest("[data-switch-theme]")) return;
    const next = root.getAttribute("data-bs-theme") === "dark" ? "light" : "dark";
    document.cookie = "theme=" + next + "; path=/; max-age=31536000; samesite=lax";
    apply();
  });
})();
