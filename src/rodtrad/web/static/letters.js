// What is picked from the plan is put where the text is being written. Without this
// script the same button puts it last.
const form = document.getElementById("brev-form");
const text = form && form.querySelector("textarea");
const button = form && form.querySelector("[data-insert]");
if (text && button) {
  button.textContent = button.dataset.here || button.textContent;
  // before anybody has been in the text its end is meant
  text.setSelectionRange(text.value.length, text.value.length);
  button.addEventListener("click", (event) => {
    const picks = [...form.querySelectorAll(".picker select")];
    const chosen = picks.map((one) => one.value).filter(Boolean).join(" ");
    if (!chosen) return;
    event.preventDefault();
    text.setRangeText(chosen, text.selectionStart, text.selectionEnd, "end");
    picks.forEach((one) => { one.value = ""; });
    text.focus();
    text.dispatchEvent(new Event("input", { bubbles: true }));
    const live = document.getElementById("live");
    if (live) live.textContent = chosen;
  });
}
