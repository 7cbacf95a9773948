// Draws the frame of a note on the page and writes its place into the form, in thousandths.
const picture = document.querySelector(".viewer__marks");
const frame = picture?.querySelector("[data-new]");
const form = document.querySelector("form[data-annotate]");

if (picture && frame && form) {
  let from = null;
  picture.classList.add("viewer__marks--drawing");
  const at = (event) => {
    const box = picture.getBoundingClientRect();
    const part = (value) => Math.round(Math.min(Math.max(value, 0), 1) * 1000);
    return { x: part((event.clientX - box.left) / box.width), y: part((event.clientY - box.top) / box.height) };
  };
  const show = (to) => {
    const place = {
      left: Math.min(from.x, to.x),
      top: Math.min(from.y, to.y),
      width: Math.abs(from.x - to.x),
      height: Math.abs(from.y - to.y),
    };
    frame.setAttribute("x", place.left);
    frame.setAttribute("y", place.top);
    frame.setAttribute("width", place.width);
    frame.setAttribute("height", place.height);
    const drawn = place.width > 0 && place.height > 0;
    for (const [side, value] of Object.entries(place)) form.elements[side].value = drawn ? value : "";
  };
  picture.addEventListener("pointerdown", (event) => {
    from = at(event);
    picture.setPointerCapture(event.pointerId);
  });
  picture.addEventListener("pointermove", (event) => from && show(at(event)));
  picture.addEventListener("pointerup", (event) => {
    if (from) show(at(event));
    from = null;
  });
}
