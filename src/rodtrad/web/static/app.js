/* What the shell adds where there is script: keys, the drawer of trails, theme without a
   reload, sorting, a warning before unsaved work is left. Every page works without it. */
(() => {
  "use strict";
  const root = document.documentElement;
  const drawer = document.getElementById("drawer");
  const live = document.getElementById("live");
  const phone = window.matchMedia("(max-width: 600px)");
  let opener = null;

  /* ------------------------------------------------------------ one sentence, aloud */
  function say(sentence) {
    live.textContent = "";
    window.setTimeout(() => { live.textContent = sentence; }, 40);
  }

  /* ------------------------------------------------------------ the drawer */
  function others() {
    return [...document.body.children].filter((part) => part !== drawer && part !== live);
  }

  function openDrawer() {
    drawer.hidden = false;
    if (phone.matches) others().forEach((part) => { part.inert = true; });
    (drawer.querySelector("h2") || drawer).focus();
  }

  function closeDrawer() {
    if (drawer.hidden) return false;
    drawer.hidden = true;
    others().forEach((part) => { part.inert = false; });
    if (opener && opener.isConnected) opener.focus();
    opener = null;
    return true;
  }

  document.addEventListener("htmx:config:request", (event) => {
    const { ctx } = event.detail;
    const request = ctx.request;
    const token = document.querySelector("input[name=csrfmiddlewaretoken]");
    if (token && !/^(GET|HEAD|OPTIONS)$/i.test(request.method)) {
      request.headers["X-CSRFToken"] = token.value;
    }
  });

  document.addEventListener("htmx:after:swap", (event) => {
    const { ctx } = event.detail || {};
    const target = ctx && ctx.target;
    if (!target || target.id !== "drawer-content") return;
    opener = ctx.sourceElement || document.activeElement;
    if (opener && opener.href) document.getElementById("drawer-address").href = opener.href;
    if (target.querySelector("h2")) openDrawer();
    else if (opener && opener.href) window.location.assign(opener.href);
  });

  /* ------------------------------------------------------------ menus and dialogs */
  function openMenus() {
    return [...document.querySelectorAll("details.menu[open]")];
  }

  /* what an open menu half covers is out of reach while it is open */
  function cover() {
    const open = openMenus();
    [...document.body.children].forEach((part) => {
      if (part !== live) part.inert = open.length > 0 && !part.contains(open[0]);
    });
  }

  function closeMenus(at) {
    openMenus().forEach((menu) => { if (!menu.contains(at)) menu.open = false; });
    cover();
  }

  document.addEventListener("toggle", (event) => {
    if (event.target.matches("details.menu")) cover();
  }, true);

  function leavesMenu(event) {
    const menu = event.target.closest("details.menu[open]");
    if (!menu) return false;
    const stops = [...menu.querySelectorAll("summary, a, button, input:not([type=hidden])")]
      .filter((stop) => stop.checkVisibility());
    return event.target === (event.shiftKey ? stops[0] : stops.at(-1));
  }

  document.addEventListener("click", (event) => {
    const at = event.target;
    if (openMenus().length) closeMenus(at);
    const opens = at.closest("[data-open]");
    const dialog = opens && document.getElementById(opens.dataset.open);
    if (dialog) {
      event.preventDefault();
      closeMenus(null);
      dialog.showModal();
      return;
    }
    const closes = at.closest("[data-close]");
    if (closes) {
      const inside = closes.closest("dialog");
      if (inside) inside.close();
      else closeDrawer();
    }
    const cell = at.closest("a[data-cell]");
    const wanted = cell && document.getElementById(cell.hash.slice(1));
    if (wanted) {
      event.preventDefault();
      opener = cell;
      wanted.focus();
      wanted.scrollIntoView({ block: "center", inline: "center" });
    }
  });

  /* ------------------------------------------------------------ keys */
  let went = 0;

  function typing(element) {
    return element.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(element.tagName);
  }

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented) return;
    if (event.key === "Tab" && leavesMenu(event)) closeMenus(null);
    if (event.key === "Escape") {
      const menus = openMenus();
      if (menus.length) {
        closeMenus(null);
        menus[0].querySelector("summary").focus();
      } else if (closeDrawer()) event.preventDefault();
      else if (opener && event.target.matches && event.target.matches("td.err")) opener.focus();
      return;
    }
    if (root.dataset.keys !== "on" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (typing(event.target) || document.querySelector("dialog[open]")) return;
    const key = event.key.toLowerCase();
    if (Date.now() - went < 1500) {
      went = 0;
      const link = key === "o"
        ? document.querySelector(".brand")
        : document.querySelector(`.stage[data-key="${CSS.escape(key)}"]`);
      if (link) {
        event.preventDefault();
        link.click();
      }
      return;
    }
    if (key === "g") went = Date.now();
    else if (key === "/") {
      const field = [...document.querySelectorAll("form[role=search] input[type=search]")]
        .find((input) => input.checkVisibility());
      const menu = document.querySelector(".right details.menu:has(input[type=search])");
      if (!field && menu) menu.open = true;
      const found = field || (menu && menu.querySelector("input[type=search]"));
      if (found) {
        event.preventDefault();
        found.focus();
      }
    } else if (key === "?") {
      event.preventDefault();
      document.getElementById("tangenter").showModal();
    } else if (key === "t") {
      const at = document.activeElement;
      const trail = at.closest(".trail") || at.querySelector(".trail");
      if (trail && at !== document.body) {
        event.preventDefault();
        trail.click();
      }
    }
  });

  /* ------------------------------------------------------------ theme without a reload */
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (!form.matches("form[data-theme-form]") || !event.submitter) return;
    event.preventDefault();
    const theme = event.submitter.value;
    const body = new FormData(form, event.submitter);
    if (theme === "system") delete root.dataset.theme;
    else root.dataset.theme = theme;
    form.querySelectorAll("button[name=theme]").forEach((button) => {
      button.setAttribute("aria-pressed", String(button === event.submitter));
    });
    window.fetch(form.action, { method: "POST", body, redirect: "manual", credentials: "same-origin" });
  });

  /* ------------------------------------------------------------ unsaved work */
  // a form that comes back with what was written has not stored it
  let unsaved = Boolean(document.querySelector("form[data-guard=unsaved]"));

  document.addEventListener("input", (event) => {
    if (event.target.closest("form[data-guard]")) unsaved = true;
  });
  document.addEventListener("submit", (event) => {
    if (event.target.closest("form[data-guard]")) unsaved = false;
  }, true);
  window.addEventListener("beforeunload", (event) => {
    if (unsaved) event.preventDefault();
  });

  /* ------------------------------------------------------------ sorting */
  function sortBy(table, column, head) {
    const down = head.getAttribute("aria-sort") === "ascending";
    const body = table.tBodies[0];
    const rows = [...body.rows].filter((row) => !row.matches(".sum, .group"));
    const last = [...body.rows].filter((row) => row.matches(".sum"));
    const value = (row) => {
      const cell = row.cells[column];
      if (!cell) return null;
      const raw = cell.dataset.value;
      if (raw === undefined) return cell.textContent.trim() || null;
      const number = Number(raw);
      return Number.isNaN(number) ? raw : number;
    };
    rows.sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      if (x === null || y === null) return (x === null) - (y === null);
      const order = typeof x === "number" && typeof y === "number"
        ? x - y
        : String(x).localeCompare(String(y), root.lang, { numeric: true });
      return down ? -order : order;
    });
    body.append(...rows, ...last);
    table.querySelectorAll("thead th").forEach((th) => th.removeAttribute("aria-sort"));
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
  }

  function makeSortable(part) {
    part.querySelectorAll("table[data-sort]").forEach((table) => {
      if (table.dataset.sort === "made" || table.querySelector("tr.group")) return;
      table.dataset.sort = "made";
      [...table.tHead.rows[0].cells].forEach((head, column) => {
        const button = document.createElement("button");
        button.type = "button";
        button.className = "sort";
        const small = head.querySelector("small");
        if (small) small.remove();
        button.append(...head.childNodes);
        head.append(button);
        if (small) head.append(small);
        button.addEventListener("click", () => sortBy(table, column, head));
      });
    });
  }

  /* ------------------------------------------------------------ files dropped */
  function makeDrops(part) {
    part.querySelectorAll("[data-drop]").forEach((zone) => {
      const input = zone.querySelector("input[type=file]");
      const hint = zone.querySelector("[data-drop-hint]");
      if (!input || zone.dataset.drop === "made") return;
      zone.dataset.drop = "made";
      if (hint) hint.hidden = false;
      zone.addEventListener("dragover", (event) => {
        event.preventDefault();
        zone.classList.add("over");
      });
      zone.addEventListener("dragleave", () => zone.classList.remove("over"));
      zone.addEventListener("drop", (event) => {
        event.preventDefault();
        zone.classList.remove("over");
        if (!event.dataTransfer.files.length) return;
        input.files = event.dataTransfer.files;
        input.dispatchEvent(new Event("change", { bubbles: true }));
        say([...input.files].map((file) => file.name).join(", "));
      });
    });
  }

  /* ------------------------------------------------------------ start */
  function start(part) {
    makeSortable(part);
    makeDrops(part);
  }
  start(document);
  document.addEventListener("htmx:after:swap", () => start(document));
  const wrong = document.querySelector("[data-focus]");
  if (wrong) wrong.focus();
  const here = document.querySelector(".subpages [aria-current]");
  if (here) {
    const list = here.closest("ul");
    list.scrollLeft = Math.max(0, here.offsetLeft - list.clientWidth / 2);
  }
  window.rodtrad = { say, openDrawer, closeDrawer };
})();
