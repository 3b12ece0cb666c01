"use strict";
// Copies commands and tables. The page can be read without it.

// Copies text; where the browser refuses, `select` brings it one key press from the same end.
const copyText = async (text, select) => {
  try {
    await navigator.clipboard.writeText(text);
    return "Copied";
  } catch {
    select();
    return "Selected";
  }
};

for (const command of document.querySelectorAll(".command")) {
  const button = command.querySelector(".copy");
  const code = command.querySelector("code");
  const status = command.querySelector("[role=status]");
  button.hidden = false;
  button.addEventListener("click", async () => {
    const done = await copyText(code.textContent, () => getSelection().selectAllChildren(code));
    button.textContent = done;
    status.textContent = done;
  });
}
