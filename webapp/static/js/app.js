// The frame's own behaviour: search by key, forms that send themselves, notices that leave.
(function () {
  "use strict";
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
      const search = [...document.querySelectorAll("[data-search]")].find((one) => one.offsetParent) || document.querySelector(".more [data-search]");
      if (!search) return;
      event.preventDefault();
      const sheet = search.closest("details");
      if (sheet) sheet.open = true;
      search.focus();
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
  // What drops down goes away with Escape, which leaves the reader where they were, and with a press elsewhere.
  const drops = () => document.querySelectorAll("details.drop[open]");
  document.addEventListener("click", (event) => drops().forEach((one) => { if (!one.contains(event.target)) one.open = false; }));
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    drops().forEach((one) => { const inside = one.contains(document.activeElement); one.open = false; if (inside) one.querySelector("summary").focus(); });
  });
  // A form is sent once: a second press while it is under way does nothing.
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented || event.target.matches("[hx-post], [hx-get]")) return;
    if (event.target.dataset.sent) { event.preventDefault(); return; }
    event.target.dataset.sent = "yes";
    window.setTimeout(() => delete event.target.dataset.sent, 4000);
  });
  // What was typed outlives a session that ended: kept in this tab while a form is under way, and put back for the same
  // person when the page says that it was not read. Passwords, files and hidden fields are never kept.
  const UNSENT = "tournee-unsent";
  const typed = (form) => [...form.elements].filter((field) => field.name && field.matches("textarea, select, input:not([type=hidden], [type=password], [type=file], [type=search])"));
  const store = (deed) => { try { return deed(window.sessionStorage); } catch (_error) { return null; /* a private window keeps nothing */ } };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.method !== "post" || form.matches("[hx-post]")) return;
    const fields = typed(form).map((field) => [field.name, field.value, field.checked === true]);
    const kept = { action: form.getAttribute("action"), who: document.body.dataset.who, fields: fields };
    store((room) => (fields.length && kept.who ? room.setItem(UNSENT, JSON.stringify(kept)) : kept.who && room.removeItem(UNSENT)));
  });
  if (document.body.dataset.who) {
    const kept = JSON.parse(store((room) => room.getItem(UNSENT)) || "null");
    store((room) => room.removeItem(UNSENT));
    const form = kept && "unsent" in document.body.dataset && kept.who === document.body.dataset.who && [...document.forms].find((one) => one.getAttribute("action") === kept.action);
    if (form) {
      const left = [...kept.fields];
      typed(form).forEach((field) => {
        const ticks = field.type === "checkbox" || field.type === "radio";
        const at = left.findIndex(([name, value]) => name === field.name && (!ticks || value === field.value));
        if (at < 0) return;
        const [[, value, checked]] = left.splice(at, 1);
        if (ticks) field.checked = checked;
        else field.value = value;
        field.dispatchEvent(new Event("change", { bubbles: true }));
      });
      for (let around = form.closest("details"); around; around = around.parentElement.closest("details")) around.open = true;
      const told = document.querySelector("[data-restored]");
      if (told) told.hidden = false;
    }
  }
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
