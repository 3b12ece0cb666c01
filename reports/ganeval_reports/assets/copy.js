"use strict";
// Copies commands and tables. The page can be read without it.
(() => {
  for (const command of document.querySelectorAll(".command")) {
    const button = command.querySelector(".copy");
    const code = command.querySelector("code");
    const status = command.querySelector("[role=status]");
    const say = (text) => {
      button.textContent = text;
      status.textContent = text;
    };
    button.hidden = false;
    button.addEventListener("click", async () => {
      try {
        await navigator.clipboard.writeText(code.textContent);
        say("Copied");
      } catch {
        // A browser may refuse; a selection is one key press from the same end.
        getSelection().selectAllChildren(code);
        say("Selected");
      }
    });
  }
})();
