// The frame's own behaviour: search by key, forms that send themselves, notices that leave.
(function () {
  "use strict";
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      const search = document.querySelector("[data-search]");
      if (search) { event.preventDefault(); search.focus(); }
    }
  });
  document.addEventListener("change", (event) => {
    const field = event.target.closest("[data-send]");
    if (field) field.form.requestSubmit();
    const day = event.target.closest("[data-day-picker]");
    if (day && day.value) window.location.assign(day.dataset.dayPicker.replace("0000-00-00", day.value));
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-print]")) window.print();
    const row = event.target.closest("tr[data-href]");
    if (row && !event.target.closest("a, button, input, label")) window.location.assign(row.dataset.href);
  });
  document.addEventListener("click", (event) => { if (event.target.closest("[data-print]")) window.print(); });
  // A form is sent once: a second press while it is under way does nothing.
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.matches("[hx-post], [hx-get]")) return;
    if (event.target.dataset.sent) { event.preventDefault(); return; }
    event.target.dataset.sent = "yes";
    window.setTimeout(() => delete event.target.dataset.sent, 4000);
  });
  // Undo is offered for ten seconds; the time stands still while somebody is on the button or about to press it.
  document.querySelectorAll("form[data-undo]").forEach((form) => {
    let left = Number(form.dataset.undo);
    const told = form.querySelector("[data-left-seconds]");
    told.textContent = left;
    const clock = window.setInterval(() => {
      if (form.matches(":hover, :focus-within")) return;
      left -= 1;
      told.textContent = left;
      if (left <= 0) { window.clearInterval(clock); form.remove(); }
    }, 1000);
  });
  window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));
})();
