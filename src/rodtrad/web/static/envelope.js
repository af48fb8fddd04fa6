// How much of the sum is left while boxes are ticked? The server asks again in any case.
(() => {
  "use strict";
  const line = document.getElementById("kvar");
  const form = line && line.closest("form");
  if (!form) return;
  const language = document.documentElement.lang || "sv";
  const told = (ore) =>
    new Intl.NumberFormat(language, { maximumFractionDigits: ore % 100 ? 2 : 0, minimumFractionDigits: ore % 100 ? 2 : 0, useGrouping: true }).format(ore / 100);
  const show = () => {
    let left = Number(line.dataset.sum);
    for (const box of form.querySelectorAll("input[name=val]:checked")) left -= Number(box.dataset.cost);
    const text = (left < 0 ? line.dataset.over : line.dataset.left).replace("{x}", told(Math.abs(left)));
    line.classList.toggle("over", left < 0);
    if (line.textContent !== text) line.textContent = text;
  };
  form.addEventListener("change", show);
  const again = form.querySelector("button[name=visa]");
  if (again) again.hidden = true;
  show();

  // Pressed twice it is one ballot all the same, and it is the first answer that has its receipt.
  form.addEventListener("submit", (event) => {
    if (form.dataset.sent) event.preventDefault();
    form.dataset.sent = "1";
  });
  window.addEventListener("pageshow", () => delete form.dataset.sent);
})();
