/* The sandbox with script: the same form, sent as soon as something is chosen, and only
   what it gives is changed on the page. Everything works without this file. */
(() => {
  "use strict";
  const form = document.getElementById("prova");
  if (!form) return;
  let running = null;
  let timer = 0;

  function show(text, address) {
    const page = new DOMParser().parseFromString(text, "text/html");
    const found = page.getElementById("utfall");
    const fresh = page.getElementById("prova");
    const now = document.getElementById("utfall");
    if (!found || !fresh || !now) { window.location.assign(address); return; }
    now.replaceWith(document.adoptNode(found));
    const brief = page.getElementById("kort");
    const told = document.getElementById("kort");
    if (brief && told) told.replaceWith(document.adoptNode(brief));
    form.setAttribute("action", fresh.getAttribute("action"));
    form.querySelectorAll("select").forEach((select) => {
      const other = page.getElementById(select.id);
      if (other) select.className = other.className;
    });
    const at = new URL(address);
    at.hash = "";
    window.history.replaceState(null, "", at);
  }

  async function send() {
    if (running) running.abort();
    const own = new AbortController();
    running = own;
    const box = document.getElementById("utfall");
    box.classList.add("busy");
    try {
      const answer = await fetch(form.action, {
        method: "POST", body: new FormData(form), credentials: "omit", signal: own.signal,
      });
      show(await answer.text(), answer.url || window.location.href);
    } catch (fault) {
      if (fault.name === "AbortError") return;
      box.classList.remove("busy");
      const said = box.querySelector("[role=status]");
      if (said) said.textContent = form.dataset.lost;
    } finally {
      if (running === own) running = null;
    }
  }

  form.addEventListener("change", () => {
    window.clearTimeout(timer);
    timer = window.setTimeout(send, 60);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    window.clearTimeout(timer);
    send();
  });
  document.addEventListener("focusin", (event) => {
    if (event.target.id === "lank") event.target.select();
  });
})();
