// Only what the kind of order needs is asked.
(function () {
  "use strict";
  const form = document.querySelector("[data-order-form]");
  const kind = form.querySelector("[name=kind]");
  const show = () => form.querySelectorAll("[data-needs]").forEach((part) => {
    part.hidden = !part.dataset.needs.split(" ").includes(kind.value);
  });
  kind.addEventListener("change", show);
  show();
})();
