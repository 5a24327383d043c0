// Lists of people while somebody types: recipients and followers in a field, colleagues behind an @.
(() => {
  const { say, $ } = window.postroom;
  const PAUSE = 120;                     // milliseconds without a key before the server is asked
  let field = null, list = null, rows = [], at = -1, choose = null, timer = 0, asked = null;

  const close = () => {
    clearTimeout(timer); asked?.abort();
    if (list) { list.hidden = true; list.replaceChildren(); }
    field?.removeAttribute('aria-activedescendant');
    if (field?.matches('[role=combobox]')) field.setAttribute('aria-expanded', 'false');
    field = list = choose = null; rows = []; at = -1;
  };
  const mark = to => {
    at = (to + rows.length) % rows.length;
    [...list.children].forEach((item, place) => item.setAttribute('aria-selected', String(place === at)));
    field.setAttribute('aria-activedescendant', list.children[at].id);
    list.children[at].scrollIntoView({ block: 'nearest' });
  };
  const fill = people => {
    rows = people;
    if (!rows.length) return close();
    list.replaceChildren(...rows.map((one, place) => {
      const item = document.createElement('li'), small = document.createElement('small');
      item.id = `${list.id}-${place}`;
      item.setAttribute('role', 'option');
      small.textContent = one.email;
      item.append(one.name || one.email, small);
      return item;
    }));
    list.hidden = false;
    if (field.matches('[role=combobox]')) field.setAttribute('aria-expanded', 'true');
    mark(0);
    say((list.dataset.people || $('#compose-words')?.dataset.people)?.replace('%n', rows.length));
  };
  // Ask for people of this name; `then` gets the one that is chosen.
  const ask = (input, under, url, then) => {
    if (field && field !== input) close();
    clearTimeout(timer); asked?.abort();
    field = input; list = under; choose = then;
    timer = setTimeout(async () => {
      asked = new AbortController();
      try {
        const answer = await fetch(url, { signal: asked.signal, headers: { Accept: 'application/json' } });
        if (answer.ok && field === input) fill((await answer.json()).people);
      } catch (error) { if (error.name !== 'AbortError') close(); }
    }, PAUSE);
  };
  const take = () => { const one = rows[at], then = choose; close(); if (one) then(one); };

  // Before anybody else sees the key: while a list is open it has these.
  document.addEventListener('keydown', e => {
    if (!list || list.hidden || e.target !== field) return;
    const acts = { ArrowDown: () => mark(at + 1), ArrowUp: () => mark(at - 1), Enter: take, Tab: take, Escape: close };
    if (!acts[e.key] || e.ctrlKey || e.metaKey || e.isComposing) return;
    e.preventDefault(); e.stopImmediatePropagation();
    acts[e.key]();
  }, true);
  document.addEventListener('mousedown', e => {
    const item = list && e.target.closest('[role=option]');
    if (!item || !list.contains(item)) return;
    e.preventDefault();                  // the field keeps the focus
    at = [...list.children].indexOf(item);
    take();
  });
  document.addEventListener('focusout', e => { if (e.target === field) close(); });

  // Of a field that names several, by commas, what is typed now.
  const last = input => /(?:"[^"]*"|[^,;"])*$/.exec(input.value.slice(0, input.selectionEnd))[0];
  document.addEventListener('chosen', e => {
    const input = e.target, { name, email } = e.detail;
    if (input.dataset.suggest !== 'several') return;
    const end = input.selectionEnd, from = end - last(input).trimStart().length;
    const named = name && name !== email ? `"${name.replace(/["\\]/g, '\\$&')}" <${email}>` : email;
    input.setRangeText(`${named}, `, from, end, 'end');
  });

  // A field that names somebody: the event `chosen` tells whom.
  const dress = input => {
    if (input.hasAttribute('role')) return;
    for (const [name, value] of [['role', 'combobox'], ['aria-expanded', 'false'], ['aria-autocomplete', 'list'], ['aria-controls', `${input.id}-list`]]) input.setAttribute(name, value);
  };
  document.addEventListener('focusin', e => { if (e.target.matches?.('[data-suggest]')) dress(e.target); });
  document.addEventListener('input', e => {
    const input = e.target;
    if (!input.matches?.('[data-suggest]')) return;
    const words = (input.dataset.suggest === 'several' ? last(input) : input.value).trim(), url = input.dataset.people || $('#composer').dataset.people;
    const chosen = input.form.querySelector('[data-chosen]');
    if (chosen) chosen.value = '';
    if (!words) return close();
    const all = input.dataset.suggest === 'all' ? '&all=1' : '';
    ask(input, document.getElementById(`${input.id}-list`), `${url}?q=${encodeURIComponent(words)}${all}`, one =>
      input.dispatchEvent(new CustomEvent('chosen', { bubbles: true, detail: one })));
  });
  document.addEventListener('chosen', e => {
    const chosen = e.target.form.querySelector('[data-chosen]');
    if (!chosen) return;
    e.target.value = e.detail.name || e.detail.email;
    chosen.value = e.detail.contact;
    e.target.form.requestSubmit();
  });
  // Who was added is named no longer; a name that nobody has stays to be mended.
  document.addEventListener('htmx:afterRequest', e => {
    if (!e.target.matches?.('.fol-add') || !e.detail.successful || $('#followers .wrong')) return;
    e.target.reset();
    e.target.querySelector('[data-chosen]').value = '';
  });

  // An @ in the text, and what follows it.
  const NAME = /(?:^|[\s(])@([^\s@][^@\n]{0,40})?$/u;
  document.addEventListener('input', e => {
    const text = e.target;
    if (text.id !== 'compose-body') return;
    const before = text.value.slice(0, text.selectionEnd), found = NAME.exec(before);
    if (!found) return field === text ? close() : undefined;
    const from = before.length - (found[1] || '').length;
    ask(text, $('#compose-mentions'), `${$('#composer').dataset.mentions}?q=${encodeURIComponent(found[1] || '')}`, one => {
      text.setRangeText(`${one.name} `, from, text.selectionEnd, 'end');
      text.dispatchEvent(new CustomEvent('mentioned', { bubbles: true, detail: one }));
      text.dispatchEvent(new Event('input', { bubbles: true }));
    });
  });
})();
