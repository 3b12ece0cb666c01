"use strict";
// Enlarges images. The page can be read without it.
(() => {
  const viewer = document.getElementById("viewer");
  const [stage, caption, place] = [".stage", ".caption", ".place"].map((part) =>
    viewer.querySelector(part),
  );
  let tiles = [];
  let current = 0;

  const show = (index) => {
    current = (index + tiles.length) % tiles.length;
    const tile = tiles[current];
    const images = [...tile.querySelectorAll("img")].map((image) => image.cloneNode());
    for (const image of images) image.loading = "eager";
    stage.replaceChildren(...images);
    caption.replaceChildren(...tile.querySelector(".lines").cloneNode(true).childNodes);
    place.textContent = `${current + 1} of ${tiles.length}`;
  };

  for (const grid of document.querySelectorAll(".tiles")) {
    [...grid.querySelectorAll(".tile")].forEach((tile, index, all) => {
      const pictures = tile.querySelector(".pictures");
      const button = document.createElement("button");
      button.type = "button";
      button.className = pictures.className;
      button.setAttribute("aria-haspopup", "dialog");
      button.append(...pictures.childNodes);
      pictures.replaceWith(button);
      button.addEventListener("click", () => {
        tiles = all;
        show(index);
        viewer.showModal();
      });
    });
  }

  viewer.addEventListener("keydown", (event) => {
    if (event.key === "ArrowRight") show(current + 1);
    else if (event.key === "ArrowLeft") show(current - 1);
    else return;
    event.preventDefault();
  });
  const press = (part, act) => viewer.querySelector(part).addEventListener("click", act);
  press(".previous", () => show(current - 1));
  press(".next", () => show(current + 1));
  press(".close", () => viewer.close());
  viewer.addEventListener("click", (event) => {
    if (event.target === viewer || event.target === stage) viewer.close();
  });
  viewer.addEventListener("close", () => tiles[current].querySelector("button").focus());
})();
