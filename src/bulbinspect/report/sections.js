"use strict";
for (const table of document.querySelectorAll("section table")) {
  const body = table.tBodies[0];
  const given = Array.from(body.rows);
  const heads = Array.from(table.tHead.rows[0].cells);
  const key = (row, at) => {
    const order = row.cells[at].dataset.order;
    return order === undefined ? row.cells[at].textContent : parseFloat(order);
  };
  // Cells without a number stay at the end, whichever way the others go.
  const compare = (at, sign) => (one, other) => {
    const [a, b] = [key(one, at), key(other, at)];
    const [x, y] = [typeof a === "number", typeof b === "number"];
    if (x !== y && heads[at].dataset.numeric !== undefined) return x ? -1 : 1;
    return x && y ? sign * (a - b) : sign * String(a).localeCompare(String(b));
  };
  heads.forEach((head, at) => {
    const button = head.querySelector("button");
    button.disabled = false;
    button.addEventListener("click", () => {
      const next = {none: "descending", descending: "ascending", ascending: "none"};
      const order = next[head.getAttribute("aria-sort")];
      heads.forEach((other) => other.setAttribute("aria-sort", "none"));
      head.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      body.replaceChildren(...(order === "none" ? given : given.toSorted(compare(at, sign))));
    });
  });
}
