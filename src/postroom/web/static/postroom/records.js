// Lists of records: choosing rows, list or board, the board by mouse and by keyboard, the form of a record.
(() => {
  if (!window.postroom || !($('#rows') || $('#record-form'))) return;
  function $(s, r = document) { return r.querySelector(s); }
  const { say, $$, keys } = window.postroom;
  const fill = (words, values) => words.replace(/%(\w)/g, (_, name) => values[name] ?? '');

  // The address of the other view and of the file follow the filter.
  const follow = () => {
    const list = $('#rows [data-list]');
    if (!list) return;
    const set = (element, href) => { if (element && href) element.href = href; };
    set($('#export'), list.dataset.export);
    set($('[data-shown=list]'), list.dataset.shownList);
    set($('[data-shown=board]'), list.dataset.shownBoard);
    const back = $('#bulk [name=back]');
    if (back) back.value = list.dataset.list;
  };

  // Rows are chosen until the reader clears them: news that brings the rows anew leaves them chosen.
  const chosen = new Set();
  let last = null;
  const boxes = () => $$('#rows [data-pick]');
  const count = spoken => {
    const words = $('#bulk .chosen'), all = $('#pick-all');
    if (!words) return;
    const some = boxes(), ticked = some.filter(box => box.checked).length;
    if (all) { all.checked = ticked > 0 && ticked === some.length; all.indeterminate = ticked > 0 && ticked < some.length; }
    words.textContent = ticked === 1 ? words.dataset.one : words.dataset.many.replace('%n', ticked);
    if (spoken) say(ticked ? words.textContent : words.dataset.none);
  };
  const tick = (box, on) => {
    box.checked = on;
    if (on) chosen.add(box.value); else chosen.delete(box.value);
  };
  const pick = (box, range) => {
    const some = boxes(), from = some.findIndex(one => one.value === last), to = some.indexOf(box);
    if (range && from >= 0) some.slice(Math.min(from, to), Math.max(from, to) + 1).forEach(one => tick(one, box.checked));
    tick(box, box.checked);
    last = box.value;
    count(true);
  };
  const clear = () => { boxes().forEach(box => tick(box, false)); chosen.clear(); count(true); };
  document.addEventListener('click', e => {
    if (e.target.matches?.('[data-pick]')) pick(e.target, e.shiftKey);
    else if (e.target.id === 'pick-all') { const on = e.target.checked; boxes().forEach(box => tick(box, on)); count(true); }
    else if (e.target.closest?.('[data-clear]')) { clear(); $('#rows [data-nav]')?.focus(); }
  });
  const picks = range => {
    const box = $('[data-pick]', document.activeElement.closest?.('tr') || undefined);
    if (!box) return;
    box.checked = !box.checked;
    pick(box, range);
  };
  Object.assign(keys, { c: () => $('#new')?.click(), x: () => picks(false), X: () => picks(true) });
  document.addEventListener('htmx:afterSettle', e => {
    if (e.target.id !== 'rows') return;
    follow();
    boxes().forEach(box => { box.checked = chosen.has(box.value); });
    const here = new Set(boxes().map(box => box.value));
    [...chosen].filter(pk => !here.has(pk)).forEach(pk => chosen.delete(pk));
    count(false);
  });
  boxes().forEach(box => tick(box, box.checked));
  count(false);

  // Filters close by a click beside them and by Escape.
  document.addEventListener('click', e => { const open = $('.picks[open]'); if (open && !open.contains(e.target)) open.open = false; });
  addEventListener('keydown', e => {
    const open = $('.picks[open]');
    if (e.key === 'Escape' && open?.contains(e.target)) { open.open = false; $('summary', open).focus(); }
  });

  // The board. A card moves on the page at once and goes back where the server refuses it.
  const board = () => $('#board');
  const columns = () => $$('.column', board());
  const column = card => card.closest('.column');
  const step = (where, by) => {
    const shown = $('[data-count]', where);
    if (/^\d+$/.test(shown.textContent)) shown.textContent = Number(shown.textContent) + by;
  };
  const put = (card, to) => {
    step(column(card), -1);
    $('.cards', to).prepend(card);
    step(to, 1);
  };
  const move = async (card, to, focus) => {
    const from = column(card), after = card.nextElementSibling, settings = board().dataset;
    if (!to || to === from) return;
    $('#board-news').dataset.arrived = '';   // cards that come up because this one left are no news
    put(card, to);
    if (focus) { $('.title', card).focus(); card.scrollIntoView({ block: 'nearest', inline: 'nearest' }); }
    const back = words => {
      if (card.isConnected) { step(to, -1); from.isConnected && $('.cards', from).insertBefore(card, after?.isConnected ? after : null); step(from, 1); }
      say(words);
    };
    try {
      const body = new URLSearchParams({ record: card.dataset.record, stage: to.dataset.stage });
      const answer = await fetch(settings.move, { method: 'POST', body, headers: { 'X-CSRFToken': settings.token, Accept: 'application/json' } });
      const { said } = await answer.json();
      if (answer.ok) say(said); else back(said);
    } catch { back(settings.failed); }
  };

  // By mouse.
  let dragged = null;
  const over = to => $$('.column.over').forEach(one => one.classList.toggle('over', one === to)) || to?.classList.add('over');
  document.addEventListener('dragstart', e => {
    dragged = e.target.closest?.('.card-row[draggable=true]');
    if (!dragged) return;
    e.dataTransfer.effectAllowed = 'move';
    e.dataTransfer.setData('text/plain', $('.title', dragged).href);
  });
  document.addEventListener('dragover', e => {
    const to = dragged && e.target.closest?.('.column');
    if (!to) return;
    e.preventDefault();
    e.dataTransfer.dropEffect = 'move';
    over(to);
  });
  document.addEventListener('drop', e => {
    const to = dragged && e.target.closest?.('.column');
    if (!to) return;
    e.preventDefault();
    move(dragged, to, false);
  });
  document.addEventListener('dragend', () => { dragged = null; over(null); });

  // By keyboard: arrows go from card to card; Space picks one up, arrows choose its stage, Space puts it down.
  let held = null;                       // { card, home, after } while a card is picked up
  const name = card => $('.mono', card).textContent;
  const neighbour = (card, by) => {
    const all = columns(), at = all.indexOf(column(card)), place = [...$$('.card-row', column(card))].indexOf(card);
    for (let next = at + by; all[next]; next += by) {
      const cards = $$('.card-row', all[next]);
      if (cards.length) return cards[Math.min(place, cards.length - 1)];
    }
    return null;
  };
  const lift = card => {
    held = { card, home: column(card), to: column(card) };
    card.classList.add('picked');
    say(fill(board().dataset.picked, { n: name(card), s: held.home.dataset.stage }));
  };
  const choose = by => {
    const all = columns(), at = all.indexOf(held.to) + by;
    if (!all[at]) return;
    held.to = all[at];
    over(held.to);
    held.to.scrollIntoView({ block: 'nearest', inline: 'nearest' });
    say(fill(board().dataset.over, { s: held.to.dataset.stage, i: at + 1, c: all.length }));
  };
  const drop = keep => {
    const { card, home, to } = held;
    held = null;
    card.classList.remove('picked');
    over(null);
    if (keep && to !== home) return move(card, to, true);
    say(fill(board().dataset.dropped, { n: name(card), s: home.dataset.stage }));
  };
  addEventListener('keydown', e => {
    const card = board() && e.target.matches?.('.card-row .title') && e.target.closest('.card-row');
    if (!card || e.ctrlKey || e.metaKey || e.altKey) return;
    const go = to => to && $('.title', to).focus();
    const near = by => { const all = $$('.card-row', column(card)); return all[all.indexOf(card) + by]; };
    const free = { ArrowDown: () => go(near(1)), ArrowUp: () => go(near(-1)), ArrowLeft: () => go(neighbour(card, -1)), ArrowRight: () => go(neighbour(card, 1)), ' ': () => card.draggable && lift(card) };
    const busy = { ArrowLeft: () => choose(-1), ArrowRight: () => choose(1), ArrowUp: () => {}, ArrowDown: () => {}, ' ': () => drop(true), Enter: () => drop(true), Escape: () => drop(false) };
    const act = (held?.card === card ? busy : free)[e.key];
    if (!act) return;
    e.preventDefault(); e.stopImmediatePropagation();
    act();
  }, true);
  document.addEventListener('focusout', e => { if (held && e.target.closest?.('.card-row') === held.card && held.card.isConnected) drop(false); });

  // By a dialog: for thumbs, and for whoever finds that easier.
  document.addEventListener('click', e => {
    const button = e.target.closest?.('[data-move]'), dialog = $('#mover');
    if (!button?.matches('button') || !dialog) return;
    const card = button.closest('.card-row');
    $$('button', dialog).forEach(one => { one.disabled = one.value === column(card).dataset.stage; });
    dialog.returnValue = '';
    dialog.addEventListener('close', () => {
      move(card, columns().find(one => one.dataset.stage === dialog.returnValue), false);
      button.focus();
    }, { once: true });
    dialog.showModal();
  });
  // A board with more cards than its first ones, or with one in somebody's hand, is not brought anew under them.
  document.addEventListener('htmx:beforeRequest', e => {
    if (e.detail.elt.id === 'board-news' && (held || dragged || $('#mover[open]') || $('#board[data-longer]'))) e.preventDefault();
  });
  document.addEventListener('htmx:afterSwap', e => { if (e.detail.requestConfig?.elt?.matches?.('[data-more]')) board()?.setAttribute('data-longer', ''); });

  // The form: stages of the chosen desk alone, contacts of its company, who was picked.
  const form = $('#record-form'), desk = $('#desk'), who = $('#who');
  const narrow = () => {
    for (const group of $$('#stage optgroup')) group.hidden = group.disabled = group.dataset.desk !== desk.value;
    const now = $('#stage').selectedOptions[0];
    if (now?.parentElement.disabled) $('#stage').value = '';
    who.dataset.people = desk.selectedOptions[0].dataset.people;
  };
  if (form) { desk.addEventListener('change', narrow); narrow(); }
  form?.addEventListener('input', e => { if (e.target === who) $('[data-picked]', form).value = ''; });
  form?.addEventListener('chosen', e => {
    who.value = e.detail.name || e.detail.email;
    $('[data-picked]', form).value = e.detail.contact;
  });
  const wrong = form && $('[aria-invalid]', form);
  wrong?.focus();
})();
