// News from the server: one stream for the visible tab; events name what changed, htmx fetches it.
(() => {
  if (!window.postroom || !window.htmx) return;
  const { say, $, $$ } = window.postroom;
  const EVERY = 1000, LEAST = 60;        // milliseconds between two fetches of one element; before a first fetch
  const TOPICS = ['record', 'thread', 'contact', 'followers', 'delivery', 'inbox', 'arrival', 'outbound'];
  let source = null, last = '', errors = 0, poll = 0;

  // An element fetches at once and then at most once a second; what comes meanwhile is one fetch at the end.
  const waiting = new WeakMap();
  const fetchSoon = element => {
    const state = waiting.get(element) || { at: 0, timer: 0 };
    waiting.set(element, state);
    if (state.timer) return;
    const pause = Math.max(LEAST, state.at + EVERY - Date.now());
    state.timer = setTimeout(() => {
      state.timer = 0;
      state.at = Date.now();
      // An answer may have put another in its place meanwhile, made before what this is about: that one fetches then.
      const now = element.isConnected ? [element] : $$('[data-live]').filter(e => e.dataset.live === element.dataset.live);
      now.forEach(e => htmx.trigger(e, 'live'));
    }, pause);
  };
  const heeds = (element, topic, ref) => element.dataset.live.split(' ').some(wanted =>
    wanted === `${topic}:${ref}` || (wanted === topic && (!element.dataset.type || ref.startsWith(`${element.dataset.type}:`))));
  const refresh = (topic, ref) => $$('[data-live]').filter(e => !topic || heeds(e, topic, ref)).forEach(fetchSoon);

  const note = shown => {
    const bar = $('#link');
    if (!bar || bar.hidden === !shown) return;
    bar.textContent = shown ? bar.dataset.words : '';
    bar.hidden = !shown;
  };
  const open = () => {
    if (source || document.hidden) return;
    source = new EventSource(last ? `/events?last=${last}` : '/events');
    source.onopen = () => { if (errors) refresh(); errors = 0; note(false); clearInterval(poll); poll = 0; };
    source.onerror = () => {
      errors += 1;
      if (errors < 2) return;
      note(true);
      poll ||= setInterval(refresh, 15000);
      if (source?.readyState === EventSource.CLOSED) { close(); setTimeout(open, Math.min(30000, 1000 * 2 ** Math.min(errors, 5))); }
    };
    for (const topic of TOPICS) source.addEventListener(topic, e => { last = e.lastEventId || last; refresh(topic, JSON.parse(e.data).ref); });
    source.addEventListener('reset', () => { last = ''; refresh(); });
  };
  const close = () => { source?.close(); source = null; };
  if ($('[data-live]')) {
    document.addEventListener('visibilitychange', () => {
      if (document.hidden) return close();
      if (!last) refresh();              // nothing to resume from: look once
      open();
    });
    addEventListener('pagehide', close);
    addEventListener('pageshow', open);
    open();
  }

  // Only what is newer than the newest message on the page is asked for.
  document.addEventListener('htmx:configRequest', e => {
    if (e.target.id === 'thread') e.detail.parameters.after = $('#thread [data-id]')?.dataset.id || '0';
  });
  // What somebody reads stays where it is while messages grow or arrive above it.
  const scroller = () => [$('#talk'), $('.record')].find(pane => pane && /auto|scroll/.test(getComputedStyle(pane).overflowY)) || document.scrollingElement;
  const held = () => {
    const pane = scroller();
    if (!$('#thread') || pane.scrollTop <= 40) return null;
    const top = pane === document.scrollingElement ? 0 : pane.getBoundingClientRect().top;
    const first = $$('#thread [data-id]').find(message => message.getBoundingClientRect().bottom > top + 1);
    return first && { pane, id: first.id, y: first.getBoundingClientRect().top };
  };
  const hold = ({ pane, id, y }) => {
    const first = document.getElementById(id), moved = first ? first.getBoundingClientRect().top - y : 0;
    if (Math.abs(moved) >= 1) pane.scrollTop += moved;
  };
  let before = new Set(), fresh = 0, place = null, acts = 0;
  document.addEventListener('htmx:beforeRequest', e => { if (e.detail.requestConfig.verb === 'post') e.detail.requestConfig.turn = ++acts; });
  const ids = root => new Set($$('[data-row], [data-id]', root).map(row => row.id));
  document.addEventListener('htmx:beforeSwap', e => { before = ids(document); place = held(); });
  document.addEventListener('htmx:afterSwap', e => {
    const asked = e.detail.requestConfig?.elt, turn = e.detail.requestConfig?.turn;
    // An answer that comes after a later act may show the list as it was before that.
    if (turn && turn < acts) $$('[data-live]', e.detail.target).forEach(fetchSoon);
    if (!asked?.dataset?.live) return;
    const added = $$('[data-row], [data-id]').filter(row => !before.has(row.id));
    added.forEach(row => row.classList.add('fresh'));
    if (asked.id === 'thread') thread(added.length);
    else if (added.length || asked.dataset.live.includes(':')) say(asked.dataset.arrived);
    if (place) hold(place);
  });
  // Never scroll a reader away from what they read: say that there is something new.
  const thread = count => {
    if (!count) return;
    say($('#thread').dataset.arrived);
    $('#talk .empty')?.remove();
    const pane = $('#talk'), button = $('#news');
    const away = getComputedStyle(pane).overflowY === 'visible' ? pane.getBoundingClientRect().top < -40 : pane.scrollTop > 40;
    fresh = away ? fresh + count : 0;
    button.hidden = !away;
    $('span', button).textContent = fresh === 1 ? button.dataset.one : button.dataset.many.replace('%d', fresh);
  };
})();
