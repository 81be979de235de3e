"use strict";
const list = document.getElementById("bulbs");
const order = document.getElementById("order");
if (list) {
  const given = Array.from(list.children);
  const probability = (bulb) => parseFloat(bulb.dataset.probability);
  // Bulbs without a probability stay at the end, whichever way the others go.
  const sorted = (sign) => given.toSorted((a, b) =>
    isNaN(probability(a)) - isNaN(probability(b))
    || sign * (probability(a) - probability(b)) || 0);
  order.hidden = false;
  order.querySelector("select").addEventListener("change", (event) => {
    const orders = {given: () => given, rising: () => sorted(1), falling: () => sorted(-1)};
    list.replaceChildren(...orders[event.target.value]());
  });
}
