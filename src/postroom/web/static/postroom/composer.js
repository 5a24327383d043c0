// The composer: recipients as chips, files, a draft that outlives reloads, keys, and what the server says.
(() => {
  const { say, $, $$, keys } = window.postroom;
  const root = () => $('#composer'), form = () => $('#compose'), body = () => $('#compose-body');
  if (!root()) return;
  const words = (name, values = {}) => Object.entries(values).reduce((text, [key, value]) => text.replace(`%${key}`, value), $('#compose-words').dataset[name]);
  const cross = () => $('#compose-x').content.cloneNode(true);
  const size = bytes => bytes < 999500 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
  const wrong = (name, text) => {
    const place = $(`#compose-problem-${name}`);
    place.replaceChildren();
    if (text) { const span = document.createElement('span'); span.textContent = text; place.append(span); }
    flag();
  };
  // A field whose problem is said is marked as such.
  const FIELDS = { body: '#compose-body', people: '#compose-add', files: '#compose-files', later: '#later-at' };
  const flag = () => {
    let first = null;
    for (const [name, field] of Object.entries(FIELDS)) {
      const bad = $(`#compose-problem-${name}`)?.textContent.trim();
      $(field).toggleAttribute('aria-invalid', Boolean(bad));
      if (bad) { $(field).setAttribute('aria-invalid', 'true'); first ||= $(field); }
    }
    return first;
  };

  // Chips: each is somebody outside; a button takes them away.
  let touched = false;
  const chips = () => $$('.chip', root()).map(chip => {
    const input = chip.querySelector('input');
    return { field: input.name, value: input.value, email: chip.dataset.email, name: chip.querySelector('span').textContent, fixed: 'fixed' in chip.dataset };
  });
  const dress = () => {
    $$('.chip [data-unchip][hidden]', root()).forEach(button => { button.hidden = false; button.closest('.chip').querySelector('input').hidden = true; });
    $('#compose-cc').hidden = !$('.chips[data-field=cc] .chip');
    $('.who-line .nobody').hidden = Boolean($('.chip', root()));
    const named = new Set($$('.chip', root()).map(chip => chip.dataset.email));
    $$('.offer', root()).forEach(offer => { offer.hidden = named.has(offer.dataset.email); offer.querySelector('input').checked = false; });
    if ($('.offers')) $('.offers').hidden = !$('.offer:not([hidden])');
    beforehand();
  };
  // What would become of the mail as it stands: files travel as base64 in lines, and not all carry every address.
  function beforehand() {
    const links = $('#compose-as-links'), beyond = $('#compose-beyond-ascii'), picked = [...$('#compose-files').files];
    const coded = picked.reduce((sum, file) => sum + file.size * 78 / 57, 8192 + body().value.length * 2);
    if (links) links.hidden = !picked.length || coded <= Number(links.dataset.most);
    const who = chips().map(chip => chip.email).filter(email => /[^\x00-\x7f].*@/.test(email));
    if (beyond) { beyond.hidden = !who.length; $('b', beyond).textContent = who.join(', '); }
  }
  const drop = chip => {
    const next = chip.nextElementSibling || chip.previousElementSibling;
    chip.remove();
    dress();
    (next?.querySelector('button') || $('#compose-add')).focus();
  };
  const written = (name, email) => name && name !== email ? `"${name.replace(/["\\]/g, '\\$&')}" <${email}>` : email;
  const add = (field, email, name, value = written(name, email)) => {
    if ($$('.chip', root()).some(chip => chip.dataset.email === email.toLowerCase())) return;
    const chip = document.createElement('li'), input = document.createElement('input'), span = document.createElement('span'), button = document.createElement('button');
    chip.className = 'chip';
    chip.dataset.email = email.toLowerCase();
    chip.title = email;
    Object.assign(input, { type: 'hidden', name: field, value });
    span.textContent = name || email;
    Object.assign(button, { type: 'button', ariaLabel: words('remove', { n: name || email }) });
    button.dataset.unchip = '';
    button.append(cross());
    chip.append(input, span, button);
    $(`.chips[data-field=${field}]`).append(chip);
    dress();
  };
  const ADDRESS = /^(?:(.*?)\s*<([^\s<>@]+@[^\s<>@]+)>|([^\s<>@]+@[^\s<>@]+))$/;
  const typed = () => {
    const input = $('#compose-add'), field = $('[name=add_field]', form()).value, strange = [];
    for (const piece of input.value.split(/[,;\n]/).map(one => one.trim()).filter(Boolean)) {
      const found = ADDRESS.exec(piece);
      if (!found) { strange.push(piece); continue; }
      add(field, found[2] || found[3], (found[1] || '').replace(/^"|"$/g, ''));
      say(words('added', { n: found[2] || found[3] }));
    }
    input.value = strange.join(', ');
    wrong('people', strange.length ? words('strange', { n: strange[0] }) : '');
    touched = true; save();
  };
  document.addEventListener('click', e => {
    const button = e.target.closest('[data-unchip]');
    if (!button) return;
    const chip = button.closest('.chip');
    say(words('removed', { n: chip.querySelector('span').textContent }));
    touched = true;
    drop(chip); save();
  });
  document.addEventListener('change', e => {           // somebody else of the conversation gets a copy, too
    const offer = e.target.closest?.('.offer');
    if (!offer) return;
    add('cc', offer.dataset.email, offer.dataset.name, e.target.value);
    say(words('added', { n: offer.dataset.name || offer.dataset.email }));
    touched = true; save();
    ($('.offer:not([hidden]) input') || $('#compose-add')).focus();
  });
  document.addEventListener('chosen', e => {
    if (e.target.id !== 'compose-add') return;
    e.target.value = '';
    add($('[name=add_field]', form()).value, e.detail.email, e.detail.name);
    say(words('added', { n: e.detail.name || e.detail.email }));
    wrong('people', '');
    touched = true; save();
  });
  document.addEventListener('keydown', e => {
    if (e.target.id !== 'compose-add' || e.isComposing || e.ctrlKey || e.metaKey) return;
    if (e.key === 'Enter' || (e.key === ',' && e.target.value.includes('@'))) { e.preventDefault(); typed(); }
    if (e.key === 'Backspace' && !e.target.value) { const last = $$('.chip [data-unchip]', root()).at(-1); if (last) { e.preventDefault(); last.click(); $('#compose-add').focus(); } }
  });
  document.addEventListener('focusout', e => { if (e.target.id === 'compose-add' && ADDRESS.test(e.target.value.trim())) typed(); });

  // Files: chosen, dropped or pasted; the field holds them all, so that they are sent as a plain form sends them.
  let files = [];
  const total = () => files.reduce((sum, file) => sum + file.size, 0);
  const each = () => Number(root().dataset.mostEach);
  const fits = () => total() <= Number(root().dataset.most) && files.every(file => file.size <= each());
  const hold = () => {
    const most = Number(root().dataset.most), box = new DataTransfer();
    files.forEach(file => box.items.add(file));
    $('#compose-files').files = box.files;
    const whole = Math.max(-1, ...files.map(file => file.size));
    const largest = total() > most || whole > each() ? whole : -1;
    $('#compose-picked').hidden = !files.length;
    $('#compose-picked').replaceChildren(...files.map((file, place) => {
      const item = document.createElement('li'), small = document.createElement('small'), button = document.createElement('button');
      item.classList.toggle('large', file.size === largest);
      small.textContent = size(file.size);
      Object.assign(button, { type: 'button', ariaLabel: words('remove', { n: file.name }) });
      button.append(cross());
      button.addEventListener('click', () => { files.splice(place, 1); hold(); say(words('removed', { n: file.name })); $('#compose-files').focus(); });
      item.append(file.name, small, button);
      return item;
    }));
    const one = files.find(file => file.size === largest);
    const alone = one && one.size > each();
    wrong('files', one ? words(alone ? 'each' : 'large', { n: one.name, s: size(one.size), m: alone ? root().dataset.mostEachWords : root().dataset.mostWords }) : '');
    full(); beforehand();
  };
  const attach = list => {
    if (!list.length) return;
    files.push(...list); hold();
    if (fits()) say(words('attached', { n: list.map(file => file.name).join(', '), s: size(total()) }));
  };
  document.addEventListener('change', e => { if (e.target.id === 'compose-files') { const picked = [...e.target.files]; attach(picked); } });
  document.addEventListener('paste', e => {
    if (!e.target.closest?.('#compose') || !e.clipboardData.files.length) return;
    e.preventDefault(); attach([...e.clipboardData.files]);
  });
  const dragged = e => e.dataTransfer?.types.includes('Files') && e.target.closest?.('.talk') ? form() : null;
  document.addEventListener('dragover', e => { const over = dragged(e); if (over) { e.preventDefault(); over.classList.add('over'); } });
  document.addEventListener('dragleave', e => { if (!e.relatedTarget?.closest?.('.talk')) form()?.classList.remove('over'); });
  document.addEventListener('drop', e => {
    if (!dragged(e)) return;
    e.preventDefault(); form().classList.remove('over'); attach([...e.dataTransfer.files]);
  });

  // The draft, until it is sent or the tab is closed.
  const key = () => `draft:${root().dataset.ref}`;
  const kind = () => $('[name=kind]:checked', root())?.value || 'message';
  const mentions = () => $$('[name=mention]', form()).map(input => [input.value, input.dataset.name]);
  const empty = () => !body().value && !files.length && !$('#compose-subject').value && !root().dataset.again && !root().dataset.draft;
  const save = () => {
    full();
    const draft = { kind: kind(), body: body().value, subject: $('#compose-subject').value, mentions: mentions(), chips: touched ? chips() : null, again: root().dataset.again || '' };
    try {
      if (!draft.body && !draft.subject && !touched && !draft.again) sessionStorage.removeItem(key());
      else sessionStorage.setItem(key(), JSON.stringify(draft));
    } catch { /* full, or switched off: the page itself still has it */ }
  };
  const full = () => root().toggleAttribute('data-full', !empty());
  const mode = () => {
    const text = body(), note = kind() === 'note';
    text.placeholder = text.dataset[note ? 'note' : 'message'];
  };
  const mention = (contact, name) => {
    const input = document.createElement('input');
    Object.assign(input, { type: 'hidden', name: 'mention', value: contact });
    input.dataset.name = name;
    form().append(input);
  };
  const only = kept => {                 // these people outside, and those who hear in any case
    const named = new Set(kept.map(one => one.email));
    $$('.chip', root()).forEach(chip => { if (!('fixed' in chip.dataset) && !named.has(chip.dataset.email)) chip.remove(); });
    kept.filter(one => !one.fixed).forEach(one => add(one.field, one.email, one.name, one.value));
    dress();
  };
  // What was taken back stands above what was typed since; where that goes on from it already, it says both.
  const joined = (taken, since) => !taken || since.includes(taken) ? since : [taken, since].filter(Boolean).join('\n\n');
  const restore = () => {
    let draft = null;
    try { draft = JSON.parse(sessionStorage.getItem(key())); } catch { return; }
    if (draft && root().dataset.draft) { body().value = joined(body().value, draft.body || ''); return; }
    if (!draft || body().value || root().dataset.again) return;
    if (draft.again) { before = { draft: '', ...draft }; htmx.ajax('GET', draft.again, { target: '#composer', swap: 'outerHTML' }); return; }
    body().value = draft.body || '';
    $('#compose-subject').value = draft.subject || '';
    if (draft.subject) $('.subject', root()).open = true;
    const radio = $(`[name=kind][value=${draft.kind === 'note' ? 'note' : 'message'}]`, root());
    radio.checked = true;
    (draft.mentions || []).forEach(([contact, name]) => mention(contact, name));
    if (draft.chips) { touched = true; only(draft.chips); }
    if (draft.body) say(words('kept'));
  };
  // A composer that came anew, to answer a message or none: what was typed and attached stays.
  let before = null;
  const anew = () => {
    const draft = before;
    const same = draft.draft === (root().dataset.draft || '');
    before = null; touched = Boolean(root().dataset.again || root().dataset.draft);
    dress();
    body().value = same ? draft.body || '' : joined(body().value, draft.body || '');
    (draft.mentions || []).forEach(([contact, name]) => mention(contact, name));
    if (draft.chips && draft.again) only(draft.chips);
    if (draft.subject && draft.again) $('#compose-subject').value = draft.subject;
    hold(); mode(); save();
    const pane = $('[name=pane][value=talk]');
    if (pane) pane.checked = true;
    if (draft.again && !body().value) return;   // left here before without a word: who only looks keeps the single keys
    root().scrollIntoView({ block: 'nearest' });
    const wanted = root().dataset.again && !draft.again && !$('.chip', root()) && kind() === 'message' ? $('#compose-add') : body();
    if (root().dataset.again || root().dataset.draft || matchMedia('(min-width: 48em)').matches) wanted.focus();  // else a phone unfolds it for nothing
  };
  document.addEventListener('htmx:beforeSwap', e => {
    const { requestConfig, target, xhr } = e.detail;
    if (target?.id === 'composer' && requestConfig?.elt.id !== 'compose' && xhr.status === 200) before ||= requestConfig?.elt.id === 'compose-discard' ? { body: '', mentions: [], draft: '' } : { body: body().value, mentions: mentions(), draft: root().dataset.draft || '' };
  });
  document.addEventListener('htmx:responseError', e => {  // it cannot be answered any more: the words stay
    if (!before || e.detail.target?.id !== 'composer') return;
    body().value ||= before.body || '';
    before = null;
  });
  document.addEventListener('htmx:afterSettle', e => { if (before && e.detail.elt?.id === 'composer') anew(); });
  const begin = () => { touched = Boolean(root().dataset.draft); dress(); restore(); mode(); full(); };
  document.addEventListener('input', e => { if (e.target.closest?.('#composer')) { if (e.target === body()) wrong('body', ''); save(); } });
  document.addEventListener('change', e => { if (e.target.name === 'kind' && root().contains(e.target)) { mode(); save(); } });
  document.addEventListener('mentioned', e => { mention(e.detail.contact, e.detail.name); save(); });
  addEventListener('pagehide', save);
  // Whoever answers another message goes on with the draft that was taken back.
  document.addEventListener('htmx:configRequest', e => {
    if (e.detail.verb === 'get' && e.detail.target?.id === 'composer' && root().dataset.draft) e.detail.parameters.draft = root().dataset.draft;
  });

  // Sending: once, with the text kept until the server has said that it has it.
  document.addEventListener('htmx:beforeRequest', e => {
    if (e.target.id !== 'compose') return;
    if (!fits()) { e.preventDefault(); $('#compose-files').focus(); return; }
    body().readOnly = true;
  });
  document.addEventListener('htmx:xhr:progress', e => {
    if (e.target.id !== 'compose' || !files.length || !e.detail.lengthComputable || !e.detail.total) return;
    const bar = $('#compose-progress'), part = Math.round(100 * e.detail.loaded / e.detail.total);
    if (!bar) return;
    bar.value = part;
    $('#compose-sending span').textContent = words('sending', { p: part });
    $('#compose-sending').hidden = false;
  });
  document.addEventListener('htmx:beforeSwap', e => {
    const { requestConfig, xhr } = e.detail;
    if (requestConfig?.elt.id === 'compose') {
      if (xhr.status === 422) Object.assign(e.detail, { shouldSwap: true, isError: false, swapOverride: 'none' });
      // the sign-in page of a session that has ended is no answer: the draft stays
      if (xhr.getResponseHeader('HX-Trigger-After-Settle')) { sessionStorage.removeItem(key()); files = []; }
    }
    if (e.detail.target?.id === 'compose-audience') kept = { chips: chips(), add: $('#compose-add').value, dirty: touched || Boolean(body().value) };
  });
  let kept = null;
  document.addEventListener('htmx:afterSwap', e => {
    if ($('#compose-audience') && kept && e.detail.requestConfig?.elt.id === 'compose-audience') {
      if (kept.dirty) only(kept.chips);
      $('#compose-add').value = kept.add;
      kept = null; dress();
    }
    // Somebody wrote: whoever has not begun an answer answers to them too.
    if (e.detail.requestConfig?.elt.id === 'thread' && !touched && !body().value) htmx.trigger('#compose-audience', 'anew');
  });
  document.addEventListener('htmx:afterRequest', e => {
    if (e.detail.requestConfig?.elt.id !== 'compose') return;
    if (body()) { body().readOnly = false; $('#compose-sending').hidden = true; }
    const status = e.detail.xhr.status;
    if (status === 422) return void (flag() || body()).focus();
    if (status !== 200) wrong('form', words(status ? 'refused' : 'lost'));
  });
  document.addEventListener('posted', e => {
    begin();
    say(e.detail.said);
    const thread = $('#thread');
    if (!thread?.dataset.live) return location.assign(location.pathname);
    $('#talk')?.scrollTo({ top: 0 });
    htmx.trigger(thread, 'live');
    if (matchMedia('(min-width: 48em)').matches) body().focus();
    else document.activeElement?.blur?.();
  });

  // Keys: m and n begin, r answers the message that has the focus; Ctrl or Cmd and Enter send.
  const compose = which => {
    const pane = $('[name=pane][value=talk]'), radio = $(`[name=kind][value=${which}]`, root());
    if (pane) pane.checked = true;
    radio.checked = true;
    radio.dispatchEvent(new Event('change', { bubbles: true }));
    body().focus();
  };
  const reply = () => { if (!window.postroom.answer?.('reply')) compose('message'); };
  Object.assign(keys, { m: () => compose('message'), n: () => compose('note'), r: reply });
  document.addEventListener('keydown', e => {
    if (e.key === 'Enter' && (e.ctrlKey || e.metaKey) && e.target.closest?.('#composer')) { e.preventDefault(); form().requestSubmit($('#compose-send')); }
  });
  begin();
})();
