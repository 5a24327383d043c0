// Mail in HTML: each frame as high as its content, its quoted part folded and unfolded.
(() => {
  const MOST = 20000;                    // pixels; a mail that is higher scrolls within its frame
  const fit = frame => {
    const page = frame.contentDocument;
    if (!page?.body) return;
    const tall = [page.body, page.documentElement].map(one => one.getBoundingClientRect().height);  // margins too
    const height = Math.min(MOST, Math.ceil(Math.max(...tall)) + 6);
    if (Math.abs(frame.clientHeight - height) > 1) frame.style.height = `${height}px`;
    frame.classList.toggle('wide', page.documentElement.scrollWidth > frame.clientWidth);
  };
  const watched = new WeakMap();
  const watch = frame => {
    const body = frame.contentDocument?.body;
    if (!body || frame.contentDocument.URL === 'about:blank' || watched.get(frame) === body) return;  // not fetched yet: such a page is as high as its frame, and would grow with it
    watched.set(frame, body);
    fit(frame);
    new ResizeObserver(() => fit(frame)).observe(body);
  };
  document.addEventListener('load', e => { if (e.target.matches?.('iframe.mail')) watch(e.target); }, true);
  const all = () => document.querySelectorAll('iframe.mail').forEach(frame => { if (frame.contentDocument?.readyState === 'complete') watch(frame); });
  document.addEventListener('htmx:afterSettle', all);
  all();

  document.addEventListener('click', e => {
    const fold = e.target.closest('[data-fold]');
    if (!fold || e.ctrlKey || e.metaKey || e.shiftKey) return;
    const words = fold.querySelector('span'), href = fold.getAttribute('href');
    setTimeout(() => {                   // once the browser has followed the link as it stood
      const less = fold.dataset.less;
      fold.dataset.less = words.textContent;
      words.textContent = less;
      fold.setAttribute('href', fold.dataset.fold);
      fold.dataset.fold = href;
      fold.classList.toggle('open');
    });
  });
})();
