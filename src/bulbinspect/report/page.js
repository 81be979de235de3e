"use strict";
const named = (id) => document.getElementById(id);
const list = named("bulbs");
const every = (selector) => Array.from(document.querySelectorAll(selector));

if (list) {
  const given = Array.from(list.children);
  const ids = new Map(given.map((bulb) => [bulb, bulb.querySelector("h2").textContent]));
  const probability = (bulb) => parseFloat(bulb.dataset.probability);
  const radios = every("input[name=show]");
  const selects = every("#filters select");
  const [search, lowest, highest] = ["search", "lowest", "highest"].map(named);
  const order = named("order").querySelector("select");
  const most = 200;  // laid out at once: thousands would make every change slow
  let limit = most;
  let current = null;

  // Bulbs without a probability stay at the end, whichever way the others go.
  const by_probability = (sign) => given.toSorted((a, b) =>
    isNaN(probability(a)) - isNaN(probability(b))
    || sign * (probability(a) - probability(b)) || 0);
  const collator = new Intl.Collator(undefined, {numeric: true});
  const orders = {
    given: () => given,
    rising: () => by_probability(1),
    falling: () => by_probability(-1),
    name: () => given.toSorted((a, b) => collator.compare(ids.get(a), ids.get(b))),
  };

  // A bulb without a probability is in no range but the open one.
  const within = (bulb, low, high) => (isNaN(low) && isNaN(high))
    || (probability(bulb) >= (isNaN(low) ? 0 : low) && probability(bulb) <= (isNaN(high) ? 1 : high));

  function choose() {
    limit = most;
    arrange();
  }

  function more() {
    limit += most;
    arrange();
  }

  function arrange() {
    const kind = radios.find((radio) => radio.checked).value;
    const text = search.value.trim().toLowerCase();
    const wanted = selects.filter((one) => one.value).map((one) => [one.dataset.by, one.value]);
    const [low, high] = [lowest.valueAsNumber, highest.valueAsNumber];
    let count = 0;
    for (const bulb of list.children) {
      const fits = (!kind || bulb.classList.contains(kind))
        && ids.get(bulb).toLowerCase().includes(text)
        && wanted.every(([by, value]) => bulb.dataset[by] === value)
        && within(bulb, low, high);
      count += fits;
      bulb.hidden = !fits || count > limit;
    }
    named("more").hidden = count <= limit;
    named("more").textContent = `${count - limit} more`;
    named("shown").value = count === given.length ? "" : `${count} of ${given.length}`;
    named("reset").hidden = count === given.length && order.value === "given";
    named("none-left").hidden = count > 0;
    if (current && current.hidden) mark(null);
  }

  function reset() {
    radios[0].checked = true;
    for (const input of [search, lowest, highest, ...selects]) input.value = "";
    order.value = "given";
    list.replaceChildren(...given);
    choose();
  }

  function mark(bulb) {
    current?.removeAttribute("aria-current");
    current = bulb;
    if (!bulb) return;
    bulb.setAttribute("aria-current", "true");
    bulb.tabIndex = -1;
    bulb.focus({preventScroll: true});
    bulb.scrollIntoView({block: "center"});
  }

  const evidence = named("evidence");
  const toggle_evidence = () => list.classList.toggle("plain", !(evidence?.checked ?? true));

  const neighbour = {next: "nextElementSibling", last: "previousElementSibling"};
  function step(way, from) {
    let bulb = from;
    while (bulb && bulb.hidden) bulb = bulb[neighbour[way]];
    if (bulb) mark(bulb);
  }

  function show(index) {
    if (index >= radios.length) return;
    radios[index].checked = true;
    choose();
  }

  function next() {
    const from = () => current ? current.nextElementSibling : list.firstElementChild;
    let bulb = from();
    while (bulb && bulb.hidden) bulb = bulb.nextElementSibling;
    if (!bulb && !named("more").hidden) more();
    step("next", from());
  }
  const before = () => step("last", current ? current.previousElementSibling : list.lastElementChild);
  const keys = {
    j: next,
    ArrowDown: next,
    k: before,
    ArrowUp: before,
    g: () => step("next", list.firstElementChild),
    G: () => {
      limit = given.length;
      arrange();
      step("last", list.lastElementChild);
    },
    "/": () => search.focus(),
    e: () => evidence?.click(),
    f: () => named("figures")?.toggleAttribute("open"),
    z: () => document.body.classList.toggle("large"),
    x: reset,
    "?": () => named("help").showModal(),
  };
  for (let digit = 0; digit < 10; digit++) keys[digit] = () => show(digit);

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || named("help").open) return;
    if (event.target.matches("select, input:not([type=radio], [type=checkbox])")) {
      if (event.key === "Escape") event.target.blur();
      return;
    }
    if (!Object.hasOwn(keys, event.key)) return;
    event.preventDefault();
    keys[event.key]();
  });
  list.addEventListener("click", (event) => {
    const bulb = event.target.closest(".bulb");
    if (bulb && !getSelection().toString()) {
      current?.removeAttribute("aria-current");
      current = bulb;
      bulb.setAttribute("aria-current", "true");
    }
  });
  for (const control of [...radios, ...selects]) control.addEventListener("change", choose);
  for (const input of [search, lowest, highest]) input.addEventListener("input", choose);
  order.addEventListener("change", () => {
    list.replaceChildren(...orders[order.value]());
    choose();
  });
  evidence?.addEventListener("change", toggle_evidence);
  named("more").addEventListener("click", more);
  named("reset").addEventListener("click", reset);
  named("keys").addEventListener("click", keys["?"]);
  named("help").addEventListener("click", () => named("help").close());
  named("order").hidden = named("filters").hidden = false;
  list.classList.remove("unread");
  toggle_evidence();  // what a browser kept of a page that is loaded again
  choose();
}
