/* The workbench with script: the same forms sent without leaving the page, the keys of
   the timeline, and bars that can be pulled. Everything works without this file. */
(() => {
  "use strict";
  const form = document.getElementById("bench-form");
  const table = document.getElementById("timeline");
  if (!form || !table) return;
  const live = document.getElementById("live");
  table.classList.add("scripted");
  let waiting = Promise.resolve();
  let chosen = null;

  function say(sentence) {
    live.textContent = "";
    window.setTimeout(() => { live.textContent = sentence; }, 40);
  }

  function rows() { return [...table.tBodies[0].rows]; }

  function nameOf(row) { return row.querySelector("[data-name]"); }

  function choose(row, focus) {
    if (!row) return;
    rows().forEach((other) => {
      const here = other === row;
      other.classList.toggle("chosen", here);
      nameOf(other).tabIndex = here ? 0 : -1;
    });
    chosen = row.dataset.project;
    if (focus) nameOf(row).focus();
  }

  function rowOf(key) { return rows().find((row) => row.dataset.project === key); }

  /* one change at a time, in the order they were asked for */
  function act(what, extra) {
    waiting = waiting.then(() => send(what, extra)).catch(() => {
      form.classList.remove("busy");
      say(form.dataset.lost || "");
    });
    return waiting;
  }

  async function send(what, extra) {
    const data = new FormData();
    data.set("csrfmiddlewaretoken", form.querySelector("[name=csrfmiddlewaretoken]").value);
    data.set("gor", what);
    Object.entries(extra || {}).forEach(([key, value]) => data.set(key, value));
    document.body.classList.add("busy");
    const response = await fetch(form.action, {
      method: "POST", body: data, headers: { "X-Bench": "1" }, credentials: "same-origin",
    });
    document.body.classList.remove("busy");
    if (response.redirected || !(response.headers.get("Content-Type") || "").includes("json")) {
      window.location.reload();
      return;
    }
    const found = await response.json();
    if (!found.refused) show(found);
    say(found.sentence);
  }

  function show(found) {
    const active = document.activeElement;
    const at = active && table.contains(active) ? active.closest("tr") : null;
    const place = at ? [...at.querySelectorAll("a,button")].indexOf(active) : -1;
    const key = at && at.dataset.project;
    const shell = document.createElement("template");
    Object.entries(found.rows).forEach(([project, html]) => {
      const old = rowOf(project);
      if (!old) return;
      shell.innerHTML = `<table><tbody>${html}</tbody></table>`;
      const fresh = shell.content.querySelector("tr");
      old.replaceWith(fresh);
      window.htmx?.process(fresh);
    });
    const effect = document.getElementById("bench-effect");
    const open = effect.querySelector("details[open]");
    effect.innerHTML = found.effect;
    window.htmx?.process(effect);
    if (open) effect.querySelector("details").open = true;
    document.getElementById("bench-changes").innerHTML = found.changes;
    document.getElementById("bench-badge").innerHTML = found.badge;
    if (chosen) choose(rowOf(chosen), false);
    const row = key && rowOf(key);
    if (row && place >= 0) {
      const same = [...row.querySelectorAll("a,button")][place];
      (same && !same.disabled ? same : nameOf(row)).focus();
    } else if (!document.activeElement || document.activeElement === document.body) {
      const now = chosen && rowOf(chosen);
      if (now) nameOf(now).focus();
    }
  }

  form.addEventListener("submit", (event) => {
    const button = event.submitter;
    if (!button || button.name !== "gor") return;
    const what = button.value;
    if (what === "stall:") return; // the whole page follows the chosen project
    event.preventDefault();
    const row = button.closest("tr");
    if (row) choose(row, false);
    act(what);
  });

  table.addEventListener("focusin", (event) => {
    const row = event.target.closest("tbody tr");
    if (row && row.dataset.project !== chosen) choose(row, false);
  });

  table.addEventListener("keydown", (event) => {
    const name = event.target.closest("[data-name]");
    if (!name || event.altKey || event.metaKey || event.ctrlKey) return;
    const row = name.closest("tr");
    const key = row.dataset.project;
    const letters = document.documentElement.dataset.keys !== "off";
    const keys = {
      ArrowUp: () => choose(row.previousElementSibling, true),
      ArrowDown: () => choose(row.nextElementSibling, true),
      Home: () => choose(rows()[0], true),
      End: () => choose(rows().at(-1), true),
      ArrowLeft: () => act(`tidigare:${key}`),
      ArrowRight: () => act(`senare:${key}`),
      " ": () => act(`vaxla:${key}`),
    };
    if (letters) keys.l = keys.L = () => act(`las:${key}`);
    const run = keys[event.key];
    if (!run) return;
    event.preventDefault();
    event.stopPropagation();
    run();
  });

  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.shiftKey && event.key.toLowerCase() === "z"
        && !/^(INPUT|TEXTAREA|SELECT)$/.test(event.target.tagName)) {
      event.preventDefault();
      act("angra");
    }
  });

  /* pulling a bar: as far as whole years, let go to move; the buttons do the same */
  let pull = null;
  table.addEventListener("pointerdown", (event) => {
    const lane = event.target.closest("tbody svg.lane");
    const row = lane && lane.closest("tr");
    if (!row || event.button !== 0 || event.pointerType === "touch") return;
    const years = Number(table.dataset.years);
    pull = { row, from: event.clientX, year: lane.clientWidth / years, start: Number(row.dataset.start) };
    choose(row, false);
  });
  window.addEventListener("pointerup", (event) => {
    if (!pull) return;
    const moved = Math.round((event.clientX - pull.from) / pull.year);
    const { row, start } = pull;
    pull = null;
    if (moved && start) {
      act("stall:", { projekt: row.dataset.project, start: String(start + moved) });
    }
  });

  const asked = new URLSearchParams(window.location.search).get("projekt");
  choose((asked && rowOf(asked)) || rows()[0], Boolean(asked && window.location.hash.startsWith("#rad-")));
})();
