/* The board by keyboard: arrows go between cards, N opens the next gate of the card one
   stands on. Without script every card is a link and every move a link of its own. */
(() => {
  "use strict";
  const board = document.querySelector("[data-board]");
  if (!board) return;

  function columns() {
    return [...board.querySelectorAll(".column")]
      .map((column) => [...column.querySelectorAll("[data-card]")])
      .filter((cards) => cards.length);
  }

  board.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const card = event.target.closest("[data-card]");
    if (!card) return;
    const all = columns();
    const x = all.findIndex((cards) => cards.includes(card));
    const y = all[x].indexOf(card);
    let to = null;
    if (event.key === "ArrowDown") to = all[x][y + 1];
    else if (event.key === "ArrowUp") to = all[x][y - 1];
    else if (event.key === "ArrowRight" && all[x + 1]) to = all[x + 1][Math.min(y, all[x + 1].length - 1)];
    else if (event.key === "ArrowLeft" && x > 0) to = all[x - 1][Math.min(y, all[x - 1].length - 1)];
    else if (event.key.toLowerCase() === "n" && document.documentElement.dataset.keys === "on") {
      const next = card.closest(".pcard").querySelector("[data-next]");
      if (next) {
        event.preventDefault();
        next.click();
      }
      return;
    } else if (!event.key.startsWith("Arrow")) return;
    event.preventDefault();
    if (to) to.focus();
  });
})();
