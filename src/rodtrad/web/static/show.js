/* A plan shown to a room: arrows turn the screens. Without script the links do. */
(() => {
  "use strict";
  const turns = {
    ArrowRight: "on", PageDown: "on", ArrowLeft: "back", PageUp: "back",
    Home: "first", End: "last", Escape: "end",
  };

  document.addEventListener("keydown", (event) => {
    const turn = turns[event.key];
    if (!turn || event.defaultPrevented) return;
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey) return;
    /* a wide table is read by the same keys, and what is open is closed first */
    if (event.target.closest(".scroll, input, select, textarea")) return;
    if (document.querySelector("dialog[open], details.menu[open]")) return;
    const link = document.querySelector(`a[data-turn="${turn}"]`);
    const ends = document.querySelector("nav[data-first]").dataset;
    const target = link ? link.href : ends[turn];
    if (!target) return;
    event.preventDefault();
    window.location.assign(target);
  });
})();
