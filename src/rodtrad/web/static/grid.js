/* A sheet as a grid, by keyboard as in a spreadsheet: arrows, Enter, F2, Esc, Ctrl+Z,
   Ctrl+C, Ctrl+V. Nothing is sent until somebody saves; the server reads every cell.
   Without this script each row has its form. */
(() => {
  "use strict";

  /* ------------------------------------------------------------ the slow check */
  const token = () => document.querySelector("input[name=csrfmiddlewaretoken]");
  let pending = () => false;
  let asked = false;
  window.addEventListener("beforeunload", () => { asked = true; });
  document.querySelectorAll("[data-check]").forEach((notice) => {
    const text = notice.querySelector("[data-check-text]");
    const csrf = token();
    if (!csrf) return;
    text.textContent = text.dataset.busy;
    const body = new FormData();
    body.append("csrfmiddlewaretoken", csrf.value);
    body.append("tyst", "1");
    window.fetch(notice.dataset.check, { method: "POST", body, credentials: "same-origin" })
      .then((answer) => {
        if (!answer.ok) return;
        /* a reload would take back a page or a file that has just been asked for */
        if ("reload" in notice.dataset && !asked) window.location.reload();
        else text.textContent = notice.dataset.done;
      });
  });

  const table = document.getElementById("grid");
  const form = document.getElementById("grid-form");
  if (!table) return;
  const say = (text) => window.rodtrad && window.rodtrad.say(text);
  const words = table.dataset;

  if (window.matchMedia("(max-width: 600px)").matches) {
    /* one row at a time in a form */
    table.tBodies[0].addEventListener("click", (event) => {
      const row = event.target.closest("tr");
      const link = row && row.querySelector("th a");
      if (link && !event.target.closest("a")) link.click();
    });
    return;
  }
  if (!("edit" in words) || !form) return;

  /* ------------------------------------------------------------ what stands where */
  const heads = [...table.tHead.rows[0].cells];
  const columns = heads.slice(1);
  const body = table.tBodies[0];
  const button = (name) => form.querySelector(`[data-${name}]`);
  const changed = new Map();
  const gone = new Set();
  const undos = [];
  let group = null;
  let anchor = null;
  let editing = null;
  let leaving = false;

  const rows = () => [...body.rows];
  const original = (cell) => (
    cell.dataset.t ?? cell.dataset.shown ?? cell.firstElementChild.textContent
  );
  const now = (cell) => (changed.has(cell) ? changed.get(cell) : original(cell));
  const columnOf = (cell) => columns[cell.cellIndex - 1].dataset;
  const rowName = (row) => row.cells[0].textContent.trim().split(" ")[0];

  function dirty() {
    const fresh = rows().filter((row) => row.dataset.fresh === "1");
    const filled = fresh.filter((row) => [...row.cells].some((c) => changed.get(c)));
    return [...changed.keys()].filter((c) => c.parentElement.dataset.fresh !== "1").length
      + filled.length + gone.size;
  }
  pending = () => dirty() > 0;

  function show() {
    const n = dirty();
    const chip = form.querySelector("[data-count]");
    chip.hidden = !n;
    chip.textContent = n === 1 ? words.sayOne : words.sayChanged.replace("{n}", n);
    button("save").disabled = !n;
    button("drop").disabled = !n;
    button("undo").disabled = !undos.length;
  }

  function put(cell, text) {
    const label = cell.firstElementChild;
    if (!("shown" in cell.dataset)) cell.dataset.shown = label.textContent;
    if (text === original(cell)) {
      changed.delete(cell);
      label.textContent = cell.dataset.shown;
      cell.classList.remove("chg");
    } else {
      changed.set(cell, text);
      label.textContent = text;
      cell.classList.add("chg");
    }
  }

  function together(act) {
    group = [];
    act();
    if (group.length) undos.push(group);
    group = null;
    show();
  }

  function set(cell, text) {
    const before = now(cell);
    if (before === text) return;
    group.push(() => put(cell, before));
    put(cell, text);
  }

  function undo() {
    const last = undos.pop();
    if (!last) return;
    last.reverse().forEach((back) => back());
    show();
    say(words.sayUndone);
  }

  /* ------------------------------------------------------------ rows */
  function addRow() {
    const row = body.insertRow();
    row.dataset.fresh = "1";
    row.className = "new";
    const head = document.createElement("th");
    head.scope = "row";
    head.className = "rn";
    head.textContent = words.sayNew;
    row.append(head);
    columns.forEach((column) => {
      const cell = row.insertCell();
      if (column.classList.contains("num")) cell.className = "num";
      cell.append(document.createElement("span"));
      cell.tabIndex = -1;
    });
    group.push(() => {
      [...row.cells].forEach((cell) => changed.delete(cell));
      if (row.contains(document.activeElement)) go(rows().at(-2).cells[1]);
      row.remove();
    });
    return row;
  }

  function toggleRow(row) {
    if (row.dataset.fresh === "1") {
      const place = rows().indexOf(row);
      [...row.cells].forEach((cell) => changed.delete(cell));
      row.remove();
      go((rows()[place] || rows()[place - 1]).cells[1]);
      show();
      return;
    }
    together(() => {
      const flip = () => {
        if (gone.has(row)) gone.delete(row);
        else gone.add(row);
        row.classList.toggle("gone", gone.has(row));
      };
      group.push(flip);
      flip();
    });
    say(gone.has(row) ? words.sayRemoved : words.sayKept);
  }

  /* ------------------------------------------------------------ moving */
  let active = null;

  function target(cell) {
    return cell.tagName === "TH" ? cell.querySelector("a") || cell : cell;
  }

  function go(cell, extend) {
    if (!cell) return;
    if (active) target(active).tabIndex = -1;
    active = cell;
    const to = target(cell);
    to.tabIndex = 0;
    to.focus({ preventScroll: true });
    to.scrollIntoView({ block: "nearest", inline: "nearest" });
    if (!extend) anchor = cell;
    mark();
  }

  function range() {
    if (!active || active.tagName !== "TD") return [];
    const from = anchor && anchor.isConnected && anchor.tagName === "TD" ? anchor : active;
    const all = rows();
    const [a, b] = [all.indexOf(from.parentElement), all.indexOf(active.parentElement)];
    const [c, d] = [from.cellIndex, active.cellIndex];
    return all.slice(Math.min(a, b), Math.max(a, b) + 1)
      .map((row) => [...row.cells].slice(Math.min(c, d), Math.max(c, d) + 1));
  }

  function mark() {
    body.querySelectorAll("td.picked").forEach((cell) => cell.classList.remove("picked"));
    const cells = range().flat();
    if (cells.length > 1) cells.forEach((cell) => cell.classList.add("picked"));
  }

  function step(down, right, extend) {
    const all = [table.tHead.rows[0], ...rows()];
    const at = all.indexOf(active.parentElement);
    const lowest = extend || active.tagName === "TD" && Math.abs(down) > 1 ? 1 : 0;
    const row = all[Math.max(lowest, Math.min(all.length - 1, at + down))];
    const first = extend ? 1 : 0;
    const place = Math.max(first, Math.min(columns.length, active.cellIndex + right));
    go(row.cells[place], extend);
  }

  /* ------------------------------------------------------------ editing a cell */
  function suggestions(input, cell, column) {
    const list = document.createElement("datalist");
    list.id = "grid-list";
    const fill = (options) => {
      list.replaceChildren(...options.map(([value, label]) => {
        const option = document.createElement("option");
        option.value = value;
        option.label = label ? `${value} ${label}` : value;
        return option;
      }));
    };
    if (column.choices) fill(JSON.parse(column.choices).map((one) => [one, ""]));
    else {
      let waiting = 0;
      const ask = () => {
        const q = encodeURIComponent(input.value);
        window.fetch(`${words.suggest}forslag/${column.col}/?q=${q}`, { credentials: "same-origin" })
          .then((answer) => (answer.ok ? answer.json() : { options: [] }))
          .then((found) => fill(found.options));
      };
      input.addEventListener("input", () => {
        window.clearTimeout(waiting);
        waiting = window.setTimeout(ask, 200);
      });
      window.fetch(`${words.suggest}forslag/${column.col}/`, { credentials: "same-origin" })
        .then((answer) => (answer.ok ? answer.json() : { options: [] }))
        .then((found) => { if (list.isConnected && !list.children.length) fill(found.options); });
    }
    input.setAttribute("list", list.id);
    return list;
  }

  function edit(cell, typed) {
    if (editing || cell.tagName !== "TD" || gone.has(cell.parentElement)) return;
    const column = columnOf(cell);
    const text = now(cell);
    const strict = column.choices && (column.kind === "choice" || column.kind === "bool");
    let input;
    if (strict) {
      input = document.createElement("select");
      const offered = ["", ...JSON.parse(column.choices)];
      if (!offered.includes(text)) offered.push(text);
      offered.forEach((one) => input.add(new Option(one || "–", one, false, one === text)));
      if (typed) {
        const near = offered.find((one) => one.toLowerCase().startsWith(typed.toLowerCase()));
        if (near) input.value = near;
      }
    } else {
      const long = text.includes("\n") || text.length > 60;
      input = document.createElement(long ? "textarea" : "input");
      input.value = typed === undefined ? text : typed;
      input.autocomplete = "off";
    }
    const head = heads[cell.cellIndex].querySelector("a");
    input.setAttribute("aria-label", `${head.textContent}, ${words.sayRow} ${rowName(cell.parentElement)}`);
    if (cell.classList.contains("err")) input.setAttribute("aria-invalid", "true");
    const kept = [...cell.childNodes];
    kept.forEach((node) => { if (node.nodeType === 1) node.hidden = true; });
    cell.classList.add("editing");
    cell.append(input);
    if (!strict && (column.choices || "ref" in column)) cell.append(suggestions(input, cell, column));
    editing = { cell, input, kept };
    input.focus();
    if (typed === undefined && input.select) input.select();
    input.addEventListener("blur", () => finish(true));
    input.addEventListener("keydown", inEditor);
  }

  function finish(keep) {
    if (!editing) return null;
    const { cell, input, kept } = editing;
    editing = null;
    const text = input.value;
    kept.forEach((node) => { if (node.nodeType === 1) node.hidden = false; });
    [...cell.childNodes].forEach((node) => { if (!kept.includes(node)) node.remove(); });
    cell.classList.remove("editing");
    if (keep) together(() => set(cell, text));
    return cell;
  }

  function inEditor(event) {
    if (event.key === "Escape") {
      event.preventDefault();
      event.stopPropagation();
      go(finish(false));
    } else if (event.key === "Enter" && !event.altKey) {
      event.preventDefault();
      event.stopPropagation();
      go(finish(true));
      step(event.shiftKey ? -1 : 1, 0);
    } else if (event.key === "Tab") {
      event.preventDefault();
      event.stopPropagation();
      go(finish(true));
      step(0, event.shiftKey ? -1 : 1);
    } else event.stopPropagation();
  }

  /* ------------------------------------------------------------ keys */
  table.addEventListener("keydown", (event) => {
    if (editing || !active) return;
    const command = event.ctrlKey || event.metaKey;
    const rowsHere = rows();
    const moves = {
      ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1],
      PageUp: [-12, 0], PageDown: [12, 0],
    };
    if (event.altKey) return;
    if (moves[event.key]) {
      event.preventDefault();
      step(...moves[event.key], event.shiftKey);
    } else if (event.key === "Home" || event.key === "End") {
      event.preventDefault();
      const last = event.key === "End";
      const row = command ? (last ? rowsHere.at(-1) : rowsHere[0]) : active.parentElement;
      go(row.cells[last ? columns.length : 1], event.shiftKey);
    } else if (command && event.key.toLowerCase() === "z") {
      event.preventDefault();
      undo();
    } else if (command && event.key.toLowerCase() === "s") {
      event.preventDefault();
      if (dirty()) form.requestSubmit(button("save"));
    } else if (active.tagName !== "TD" || command) {
      /* headings and row numbers are links of their own */
    } else if (event.key === "Enter" || event.key === "F2") {
      event.preventDefault();
      edit(active);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      together(() => range().flat().forEach((cell) => set(cell, "")));
    } else if (event.key.length === 1 && event.key !== " ") {
      event.preventDefault();
      event.stopPropagation();
      edit(active, event.key);
    }
  });

  table.addEventListener("focusin", (event) => {
    const cell = event.target.closest("td, th");
    if (cell && !editing && cell !== active) go(cell);
  });
  body.addEventListener("mousedown", (event) => {
    const cell = event.target.closest("td");
    if (!cell || (editing && editing.cell === cell)) return;
    finish(true);
    if (event.shiftKey) event.preventDefault();
    go(cell, event.shiftKey);
  });
  body.addEventListener("dblclick", (event) => {
    const cell = event.target.closest("td");
    if (cell && !editing) edit(cell);
  });

  /* ------------------------------------------------------------ the clipboard */
  const quoted = (text) => (/[\t\n"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text);

  function parse(text) {
    const lines = [[""]];
    let inside = false;
    const clean = text.replaceAll("\r\n", "\n").replaceAll("\r", "\n");
    for (let i = 0; i < clean.length; i += 1) {
      const sign = clean[i];
      const line = lines.at(-1);
      const last = line.length - 1;
      if (inside) {
        if (sign === '"' && clean[i + 1] === '"') { line[last] += '"'; i += 1; }
        else if (sign === '"') inside = false;
        else line[last] += sign;
      } else if (sign === '"' && line[last] === "") inside = true;
      else if (sign === "\t") line.push("");
      else if (sign === "\n") lines.push([""]);
      else line[last] += sign;
    }
    if (lines.length > 1 && lines.at(-1).length === 1 && lines.at(-1)[0] === "") lines.pop();
    return lines;
  }

  document.addEventListener("copy", (event) => {
    if (editing || !active || document.activeElement !== active) return;
    if (active.tagName !== "TD") return;
    event.preventDefault();
    const text = range().map((row) => row.map((cell) => quoted(now(cell))).join("\t")).join("\n");
    event.clipboardData.setData("text/plain", text);
    say(words.sayCopied);
  });

  document.addEventListener("paste", (event) => {
    if (editing || !active || document.activeElement !== active) return;
    if (active.tagName !== "TD") return;
    event.preventDefault();
    paste(parse(event.clipboardData.getData("text/plain")));
  });

  function plan(block) {
    const picked = range();
    const all = rows();
    const single = block.length === 1 && block[0].length === 1;
    const start = picked[0][0];
    const top = all.indexOf(start.parentElement);
    const left = start.cellIndex;
    const found = { cells: [], rows: [], cut: 0 };
    const lines = single ? picked.map((row) => row.map(() => block[0][0])) : block;
    lines.forEach((line, i) => {
      const row = all[top + i];
      const fresh = [];
      line.forEach((text, j) => {
        const place = left + j;
        if (place > columns.length) found.cut += 1;
        else if (!row) fresh.push([place, text.trim()]);
        else if (!gone.has(row) && now(row.cells[place]) !== text.trim()) {
          found.cells.push([row.cells[place], text.trim()]);
        }
      });
      if (!row && fresh.some(([, text]) => text)) found.rows.push(fresh);
    });
    return found;
  }

  function apply(found) {
    together(() => {
      found.cells.forEach(([cell, text]) => set(cell, text));
      found.rows.forEach((fresh) => {
        const row = addRow();
        fresh.forEach(([place, text]) => { if (text) set(row.cells[place], text); });
      });
    });
    go(active);
  }

  const dialog = document.getElementById("grid-paste");

  function paste(block) {
    const found = plan(block);
    const n = found.cells.length + found.rows.length;
    if (!n && !found.cut) {
      say(words.sayNothing);
      return;
    }
    if (n === 1 && !found.cut) {
      apply(found);
      return;
    }
    const text = dialog.querySelector("[data-text]");
    text.textContent = text.dataset.cells.replace("{n}", found.cells.length)
      .replace("{m}", found.rows.length)
      + (found.cut ? ` ${text.dataset.cut.replace("{n}", found.cut)}` : "");
    const list = dialog.querySelector("tbody");
    list.replaceChildren();
    found.cells.slice(0, 12).forEach(([cell, to]) => {
      const row = list.insertRow();
      const head = heads[cell.cellIndex].querySelector("a").textContent;
      row.insertCell().textContent = `${rowName(cell.parentElement)}, ${head}`;
      row.insertCell().textContent = now(cell) || "–";
      row.insertCell().textContent = to || "–";
    });
    const more = dialog.querySelector("[data-more]");
    more.textContent = found.cells.length > 12
      ? more.dataset.more.replace("{n}", found.cells.length - 12) : "";
    const yes = dialog.querySelector("[data-yes]");
    const accept = () => {
      dialog.close();
      apply(found);
    };
    yes.addEventListener("click", accept, { once: true });
    dialog.addEventListener("close", () => {
      yes.removeEventListener("click", accept);
      go(active);
    }, { once: true });
    dialog.showModal();
    yes.focus();
  }

  /* ------------------------------------------------------------ saving */
  form.addEventListener("submit", (event) => {
    finish(true);
    if (!dirty()) {
      event.preventDefault();
      return;
    }
    const edits = { changed: [], added: [], removed: [] };
    rows().forEach((row) => {
      const pk = Number(row.dataset.pk);
      const revision = Number(row.dataset.rev);
      const cells = {};
      const was = {};
      [...row.cells].slice(1).forEach((cell) => {
        if (!changed.has(cell)) return;
        const name = columnOf(cell).col;
        cells[name] = changed.get(cell);
        was[name] = original(cell);
      });
      if (gone.has(row)) edits.removed.push({ pk, revision });
      else if (!Object.keys(cells).length) return;
      else if (row.dataset.fresh === "1") edits.added.push(cells);
      else edits.changed.push({ pk, revision, cells, was });
    });
    form.elements.edits.value = JSON.stringify(edits);
    leaving = true;
  });
  window.addEventListener("beforeunload", (event) => {
    if (!leaving && pending()) event.preventDefault();
  });
  window.addEventListener("pageshow", () => { leaving = false; });

  button("undo").addEventListener("click", undo);
  button("drop").addEventListener("click", () => { while (undos.length) undo(); go(active); });
  button("add").addEventListener("click", () => {
    let row;
    together(() => { row = addRow(); });
    say(words.sayAdded);
    go(row.cells[1]);
  });
  button("remove").addEventListener("click", () => {
    if (active && active.parentElement.parentElement === body) toggleRow(active.parentElement);
  });

  /* ------------------------------------------------------------ start */
  table.setAttribute("role", "grid");
  table.setAttribute("aria-describedby", "grid-help");
  table.setAttribute("aria-multiselectable", "true");
  table.querySelectorAll("th a").forEach((link) => { link.tabIndex = -1; });
  body.querySelectorAll("td").forEach((cell) => {
    cell.tabIndex = -1;
    if (cell.classList.contains("err")) cell.setAttribute("aria-invalid", "true");
  });
  table.parentElement.removeAttribute("tabindex");
  form.hidden = false;
  const first = body.rows[0].cells[1];
  first.tabIndex = 0;
  active = first;
  anchor = first;
  const wanted = window.location.hash && document.getElementById(window.location.hash.slice(1));
  const cell = wanted && (wanted.tagName === "TR" ? wanted.cells[1] : wanted.closest("td"));
  if (cell && body.contains(cell)) go(cell);
  show();
})();
