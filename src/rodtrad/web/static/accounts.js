// Passkeys and copying a link. Everything else on these pages works without script.
(() => {
  "use strict";
  const bytes = (text) => {
    const plain = atob(text.replace(/-/g, "+").replace(/_/g, "/"));
    return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
  };
  const text = (buffer) =>
    btoa(String.fromCharCode(...new Uint8Array(buffer)))
      .replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
  const known = (list) => (list || []).map((one) => ({ ...one, id: bytes(one.id) }));

  // What the browser answers, as the server reads it.
  const told = (credential) => {
    const answer = credential.response;
    const found = { clientDataJSON: text(answer.clientDataJSON) };
    for (const name of ["attestationObject", "authenticatorData", "signature", "userHandle"]) {
      if (answer[name]) found[name] = text(answer[name]);
    }
    if (answer.getTransports) found.transports = answer.getTransports();
    return JSON.stringify({
      id: credential.id,
      rawId: text(credential.rawId),
      type: credential.type,
      authenticatorAttachment: credential.authenticatorAttachment,
      clientExtensionResults: credential.getClientExtensionResults(),
      response: found,
    });
  };

  const use = async (options) => {
    const asked = options.publicKey;
    return navigator.credentials.get({
      publicKey: {
        ...asked,
        challenge: bytes(asked.challenge),
        allowCredentials: known(asked.allowCredentials),
      },
    });
  };

  const add = async (options, alone) => {
    const asked = options.publicKey;
    const selection = { ...asked.authenticatorSelection };
    selection.residentKey = alone ? "required" : "discouraged";
    selection.requireResidentKey = alone;
    if (alone) selection.userVerification = "required";
    return navigator.credentials.create({
      publicKey: {
        ...asked,
        challenge: bytes(asked.challenge),
        user: { ...asked.user, id: bytes(asked.user.id) },
        excludeCredentials: known(asked.excludeCredentials),
        authenticatorSelection: selection,
      },
    });
  };

  const asked = async (form) => {
    if (form.dataset.options) {
      return JSON.parse(document.getElementById(form.dataset.options).textContent);
    }
    const answer = await fetch(form.action, { headers: { Accept: "application/json" } });
    if (!answer.ok) throw new Error(String(answer.status));
    return answer.json();
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    if (!window.PublicKeyCredential) continue;
    form.hidden = false;
    const fault = form.querySelector(".passkey-fault");
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      event.stopPropagation();
      fault.textContent = "";
      try {
        const options = await asked(form);
        const alone = form.elements.passwordless;
        const credential = form.dataset.passkey === "add"
          ? await add(options.creation_options, Boolean(alone && alone.checked))
          : await use(options.request_options);
        form.elements.credential.value = told(credential);
        form.submit();
      } catch {
        fault.textContent = fault.dataset.text;
      }
    });
  }

  for (const told of document.querySelectorAll("[data-no-script]")) told.hidden = true;

  for (const button of document.querySelectorAll("[data-copy]")) {
    if (!navigator.clipboard) continue;
    button.hidden = false;
    button.addEventListener("click", async () => {
      const field = document.getElementById(button.dataset.copy);
      field.select();
      await navigator.clipboard.writeText(field.value);
      button.textContent = button.dataset.done;
    });
  }
})();
