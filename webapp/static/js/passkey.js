// Passkeys: hands the server's options to the browser, and the browser's answer to the server.
(function () {
  "use strict";
  const able = window.PublicKeyCredential && window.PublicKeyCredential.parseCreationOptionsFromJSON;

  async function post(address, token, body) {
    const answer = await fetch(address, {
      method: "POST", credentials: "same-origin", body: body,
      headers: { "Content-Type": "application/json", "X-CSRFToken": token },
    });
    if (!answer.ok || answer.redirected) throw new Error(String(answer.status));
    return answer.json();
  }

  async function run(part, form) {
    const token = form.querySelector("[name=csrf_token]").value;
    const told = await post(part.dataset.options, token, "{}");
    const adds = part.dataset.passkey === "add";
    const key = adds
      ? await navigator.credentials.create({ publicKey: PublicKeyCredential.parseCreationOptionsFromJSON(told) })
      : await navigator.credentials.get({ publicKey: PublicKeyCredential.parseRequestOptionsFromJSON(told) });
    const answer = adds ? { name: form.querySelector(part.dataset.name).value, key: key.toJSON() } : key.toJSON();
    const result = await post(part.dataset.answer, token, JSON.stringify(answer));
    window.location.assign(result.next);
  }

  document.querySelectorAll("[data-passkey]").forEach((part) => {
    const form = part.closest("form");
    const trouble = form.querySelector("[data-trouble]");
    const begin = async (event) => {
      event.preventDefault();
      event.stopPropagation();
      trouble.hidden = true;
      const buttons = form.querySelectorAll("button");
      buttons.forEach((button) => { button.disabled = true; });
      try {
        if (!able) throw new Error("unsupported");
        await run(part, form);
      } catch (error) {
        trouble.hidden = false;
        buttons.forEach((button) => { button.disabled = false; });
      }
    };
    part.addEventListener(part.tagName === "FORM" ? "submit" : "click", begin);
  });
})();
